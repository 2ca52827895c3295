"""Templates to pages: Jinja2 with autoescape, and the policy that every page carries."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from spurgen.harness.site.boards import TIERS
from spurgen.harness.site.glossary import terms
from spurgen.harness.site.names import file_name, shown

TEMPLATES = Path(__file__).parent / "templates"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
"""Nothing from outside, no inline script or style, no evaluation of text; frames are up to the host."""


def page(template: str, root: str, content: Mapping[str, object]) -> str:
    """Render a page; `root` is the relative path from its folder to the site's."""
    return _environment().get_template(template).render(root=root, policy=POLICY, **content)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"stranger": _stranger, "file": file_name, "shown": shown}
    made.globals |= {"tiers": TIERS, "terms": terms}
    return made


def _stranger(text: str) -> Markup:
    """Return a stranger's text, isolated so that its direction does not reorder the sentence around it."""
    return Markup("<bdi>{}</bdi>").format(escape(shown(text)))
