"""Figures as files of their own, for papers: the drawing of a page with its style inside, in light colours.

Converters such as CairoSVG and slide programs know no variables of CSS, so a file has the colours themselves.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from markupsafe import Markup

from spurgen.harness.site.svg import tag

STATIC = Path(__file__).parent / "static"
FOLDER = "figures"


@dataclass
class Figures:
    """The figures that pages offer as files, by path from the site's folder."""

    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, drawing: Markup) -> str:
        """Keep a drawing as a file and return its path; `name` must be usable as a file name."""
        path = f"{FOLDER}/{name}.svg"
        head, _, rest = str(drawing).partition(">")
        ground = tag("rect", width="100%", height="100%", cls="ground")
        opened = f'{head} xmlns="http://www.w3.org/2000/svg"><style>{_style()}</style>{ground}'
        self.files[path] = f"{opened}{rest}\n".encode()
        return path


@cache
def _style() -> str:
    """Return the style of figures with the colours of the light scheme, which suit paper, in place of variables."""
    light = (STATIC / "palette.css").read_text(encoding="utf-8").partition("}")[0]
    values = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", light))
    drawing = (STATIC / "figure.css").read_text(encoding="utf-8")
    return re.sub(r"var\((--[\w-]+)\)", lambda found: values[found[1]], drawing)
