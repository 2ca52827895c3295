"""The figures that pages show: SVG files whose letters are text, and whose colours suit dark pages as well."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from spurgen.harness.plots import style
from spurgen.harness.plots.style import encode

FOLDER = "figures"
DARK = {
    "#ffffff": "#11151a", style.INK: "#e7eaee", style.GREY: "#a3adb8", style.PALE: "#343c46", style.FAINT: "#5b6570",
    style.BLUE: "#5aaee8", style.ORANGE: "#f0894a", style.GREEN: "#3ec79a", style.PURPLE: "#d98fb8",
}  # fmt: skip
"""Colours on a dark page, by the colour on a light one."""
NEEDLESS = re.compile(rb"(?<=\.\d\d)\d+|(?<=\n) +| +(?=\n)|(?<=<g) id=\"\w+\"")
"""Digits beyond a hundredth of a point, indents and names of groups: a fifth of a drawing."""


@dataclass
class Figures:
    """Figures by path from the site's folder."""

    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, draw: Callable[[], Figure]) -> str:
        """Draw a figure, once, and return its path; `name` must be usable as a file name."""
        path = f"{FOLDER}/{name}.svg"
        if path not in self.files:
            self.files[path] = dark_too(encode(draw(), "svg"))
        return path


def dark_too(drawing: bytes) -> bytes:
    """Return one of our drawings so that it follows the reader's colour scheme, without invisible parts."""
    rules = "".join(
        f'[style*="{kind}: {light}"]{{{kind}:{dark}!important}}'
        for light, dark in DARK.items()
        for kind in ("fill", "stroke")
    )
    drawing = NEEDLESS.sub(b"", drawing)
    return drawing.replace(b"</style>", f"@media (prefers-color-scheme: dark){{{rules}}}</style>".encode(), 1)
