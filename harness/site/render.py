"""Templates to pages: Jinja2 with autoescape, and the policy that every page carries."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from spurgen.harness.machine.text import one_line
from spurgen.harness.site.names import file_name
from spurgen.harness.site.words import percent, what

TEMPLATES = Path(__file__).parent / "templates"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'"
"""Nothing from outside, no inline script or style, no evaluation of text; frames are up to the host."""
NAV = (
    ("Board", "index.html"), ("Ladders", "ladders/index.html"), ("Can I trust it?", "trust.html"),
    ("Documentation", "docs/index.html"),
)  # fmt: skip
"""Links on top of every page, of the documentation as well, with their paths from the site's folder."""
LEFT_OUT = ("link_open", "link_close", "image")  # they lead to files that the site does not have


def page(template: str, root: str, content: Mapping[str, object]) -> str:
    """Render a page; `root` is the relative path from its folder to the site's."""
    return _environment().get_template(template).render(root=root, policy=POLICY, **content)


def markdown(text: str) -> Markup:
    """Return one of our reports as HTML: links become their text, pictures are left out, and HTML in it is escaped."""
    return Markup(_markdown().render(text))  # it escapes what it does not mark up


def inline_markdown(text: str) -> Markup:
    """Return one of our lines as HTML, as `markdown` does."""
    return Markup(_markdown().renderInline(text))


@cache
def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    for rule in LEFT_OUT:
        made.add_render_rule(rule, lambda *_: "")
    made.add_render_rule("th_open", lambda *_: '<th scope="col">')  # without styles, which the policy forbids
    made.add_render_rule("td_open", lambda *_: "<td>")
    made.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0"><table>')
    made.add_render_rule("table_close", lambda *_: "</table></div>")
    return made


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "stranger": _stranger,
        "file": file_name,
        "percent": percent,
        "shown": one_line,
        "what": lambda name: what([name]),
    }
    return made


def _stranger(text: str) -> Markup:
    """Return an untrusted text, isolated so that its direction does not reorder the sentence around it."""
    return Markup("<bdi>{}</bdi>").format(escape(one_line(text)))
