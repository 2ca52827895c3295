"""The figures that pages show: SVG files whose letters are text, and whose colours suit dark pages as well."""

import re
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import TypeVar

from matplotlib.figure import Figure

from spurgen.harness.machine.interrupts import hold_signals
from spurgen.harness.plots import style
from spurgen.harness.plots.style import encode

S = TypeVar("S")
FOLDER = "figures"
NEEDLESS = re.compile(rb"(?<=\.\d\d)\d+|(?<=\n) +| +(?=\n)|(?<=<g) id=\"\w+\"")
"""Digits beyond a hundredth of a point, indents and names of groups: a fifth of a drawing."""


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


def dark_too(drawing: bytes) -> bytes:
    """Return one of our drawings so that it follows the reader's colour scheme, without invisible parts."""
    rules = "".join(
        f'[style*="{kind}: {light}"]{{{kind}:{dark}!important}}'
        for light, dark in style.DARK.items()
        for kind in ("fill", "stroke")
    )
    drawing = NEEDLESS.sub(b"", drawing)
    return drawing.replace(b"</style>", f"@media (prefers-color-scheme: dark){{{rules}}}</style>".encode(), 1)
