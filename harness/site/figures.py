"""The figures that pages show: SVG files, whose letters are text, on a white ground that suits dark pages as well."""

from dataclasses import dataclass, field

from matplotlib.figure import Figure

from spurgen.harness.plots.style import encode

FOLDER = "figures"


@dataclass
class Figures:
    """Figures by path from the site's folder."""

    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, figure: Figure) -> str:
        """Keep a figure and return its path; `name` must be usable as a file name."""
        path = f"{FOLDER}/{name}.svg"
        self.files[path] = encode(figure, "svg")
        return path
