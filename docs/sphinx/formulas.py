"""Formulas as MathML, which browsers draw themselves: no script, no font, no network."""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

_PRIME = re.compile(r"<msup>(<mi>\w</mi>)<m[io]>&#x02032;</m[io]></msup>")


def mathml(latex: str, *, display: str) -> str:
    """Return a formula as a MathML element; `display` is `inline` or `block`.

    Primes stand beside their letter: as superscripts, which the converter makes them, browsers draw them too small.
    """
    return _PRIME.sub(r"<mrow>\1<mo>&#x02032;</mo></mrow>", str(convert(latex.strip(), display=display)))


def _inline(translator: Any, node: nodes.math) -> None:  # noqa: ANN401
    translator.body.append(mathml(node.astext(), display="inline"))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:  # noqa: ANN401
    translator.body.append(f'<div class="formula" tabindex="0">{mathml(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer under the name `mathml`."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
