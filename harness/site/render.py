"""Templates to pages: Jinja2 with autoescape, the policy that every page carries, and the figures."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from spurgen.harness.machine.pool import hold_signals
from spurgen.harness.machine.printing import one_line
from spurgen.harness.plots import style
from spurgen.harness.plots.style import encode
from spurgen.harness.site.words import file_name, percent, what

TEMPLATES = Path(__file__).parent / "templates"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'"
"""Nothing from outside, no inline script or style, no evaluation of text; frames are up to the host."""
NAV = (
    ("Board", "index.html"), ("Ladders", "ladders/index.html"), ("Can I trust it?", "trust.html"),
    ("Documentation", "docs/index.html"),
)  # fmt: skip
"""Links on top of every page, of the documentation as well, with their paths from the site's folder."""
LEFT_OUT = ("link_open", "link_close", "image")  # they lead to files that the site does not have
S = TypeVar("S")
FOLDER = "figures"
OWN = "row-"
ON_DEMAND = f'[id^="{OWN}"]{{display:none}}[id^="{OWN}"]:target{{display:inline}}'
NEEDLESS = re.compile(rb"(?<=\.\d\d)\d+|(?<=\n) +| +(?=\n)|(?<=<g) id=\"\w+\"")
"""Digits beyond a hundredth of a point, indents and names of groups: a fifth of a drawing."""


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


@dataclass
class Figures:
    """Figures by path from the site's folder, made by a process of `pool` beside this one."""

    pool: Executor
    begun: dict[str, Future[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let the process import what draws, which takes a second."""
        self.begin("", dark_too, b"")

    def begin(self, path: str, make: Callable[[S], bytes], source: S) -> str:
        """Begin to make a file, once, and return its path; `make` and `source` can be pickled."""
        if path not in self.begun:
            with hold_signals():
                self.begun[path] = self.pool.submit(make, source)
        return path

    def add(self, name: str, draw: Callable[[], Figure]) -> str:
        """Begin a figure of pages; `name` must be usable as a file name."""
        return self.begin(f"{FOLDER}/{name}.svg", _drawing, draw)

    @property
    def files(self) -> dict[str, bytes]:
        """All files, as soon as they are made."""
        return {path: future.result() for path, future in self.begun.items() if path}


def _drawing(draw: Callable[[], Figure]) -> bytes:
    return dark_too(encode(draw(), "svg"))


def own_id(page: str) -> str:
    """Return the id of a row in figures, which show it where their address ends with it; `page`: name of its page."""
    return f"{OWN}{page}"


def dark_too(drawing: bytes) -> bytes:
    """Return one of our drawings so that it follows the reader's colour scheme, and shows a row that its address names.

    Invisible parts are left out.
    """
    rules = "".join(
        f'[style*="{kind}: {light}"]{{{kind}:{dark}!important}}'
        for light, dark in style.DARK.items()
        for kind in ("fill", "stroke")
    )
    drawing = NEEDLESS.sub(b"", drawing)
    dark = f"@media (prefers-color-scheme: dark){{{rules}}}"
    own = ON_DEMAND * (f'id="{OWN}'.encode() in drawing)
    return drawing.replace(b"</style>", f"{own}{dark}</style>".encode(), 1)
