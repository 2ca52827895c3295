"""What Sphinx is taught: formulas as MathML, signatures as the source writes them, and the bar of the board's pages.

Browsers draw MathML themselves: no script, no font, no network.
"""

import ast
import inspect
import re
import textwrap
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

from spurgen.harness.site.render import NAV

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


def written(function: object) -> tuple[str, str] | None:
    """Return the parameters and the result of a function as its source has them; None for anything else.

    So the array types have their names, not what they stand for.
    """
    if not (inspect.isfunction(function) or inspect.ismethod(function)):
        return None
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(node, ast.FunctionDef)
    for own in (node.args.posonlyargs, node.args.args):
        own[:] = [argument for argument in own if argument.arg not in ("self", "cls")]
    return f"({ast.unparse(node.args)})", ast.unparse(node.returns) if node.returns else ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Apply all this; hide constructors and the fields of named tuples."""

    def signature(_app: Sphinx, what: str, _name: str, value: object, *_: object) -> tuple[str, str] | None:
        return ("", "") if what in ("class", "exception") else written(value)

    def skipped(_app: Sphinx, _what: str, _name: str, value: object, _skip: bool, _options: object) -> bool | None:
        return True if (inspect.getdoc(value) or "").startswith("Alias for field number") else None

    def with_bar(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
        context |= {"root": "../" * (page.count("/") + 1), "nav": NAV, "here": f"docs/{page}.html"}

    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("autodoc-process-signature", signature)
    app.connect("autodoc-skip-member", skipped)
    app.connect("html-page-context", with_bar)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
