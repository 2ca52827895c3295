"""LaTeX text: a stranger's text escaped, and tables by booktabs."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from spurgen.benchmark.errors import harmless
from spurgen.harness.figures.style import MAX_HEIGHT, WIDTHS, Columns

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "`": r"\textasciigrave{}", "[": "{[}", "*": "{*}", "†": r"\textdagger{}",
}  # fmt: skip
"""What means something to LaTeX; a row that began with `[` or `*` would be an argument of the line's end before it."""
LAST = 0x17F  # later characters need packages
STACK = r"\shortstack[r]{"
SYMBOL = re.compile(r"\\[a-z]+\{\}|\\dagger")
UNPRINTED = re.compile(r"\\[a-z]*|[{}$^]")
NARROW, WIDE = re.compile(r"[][.,]"), re.compile(r"[A-Zmw%&#@]")
HEAD = "% needs \\usepackage{booktabs}\n"


SIZES: dict[Columns, tuple[str, float]] = {1: (r"\scriptsize", 7), 2: (r"\footnotesize", 8)}
"""The type size of a table's text, and how many points that is."""
EM = 0.58
"""The width of a digit as a share of the type size: that of Computer Modern, rounded up."""
GAP = 8.0  # points between two columns
LEADING = 1.2  # lines are apart by this many type sizes
SECTION = 1.5  # lines of a section's heading
CAPTION = 1.5  # inches: what a caption takes of the height of a page
POINTS = 72.27  # of an inch
ROOM = 0.96  # of the width that figures have: the columns of LaTeX's own class are a little narrower
LONG_WORD = 9  # characters of a heading that stays on one line where room lacks


class Section(NamedTuple):
    """Rows of a table below a heading; cells are LaTeX."""

    heading: str
    rows: Sequence[Sequence[str]]


class Table(NamedTuple):
    """A table: `head` and cells are LaTeX, `caption` is plain text; the first column is flush left."""

    head: Sequence[str]
    sections: Sequence[Section]
    caption: str
    label: str
    columns: Columns

    @property
    def environment(self) -> str:
        """The environment that floats over one or two columns."""
        return "table" if self.columns == 1 else "table*"

    @property
    def opening(self) -> str:
        """Everything before the first section."""
        lines = [
            rf"\begin{{{self.environment}}}[t]", r"\centering", r"\setlength{\belowcaptionskip}{4pt}",
            rf"\caption{{{escaped(self.caption)}}}", rf"\label{{{self.label}}}",
            SIZES[self.columns][0], r"\setlength{\tabcolsep}{4pt}",
            rf"\begin{{tabular}}{{l{'r' * (len(self.head) - 1)}}}", r"\toprule", row(self.head),
        ]  # fmt: skip
        return HEAD + "\n".join(lines) + "\n"

    def heading(self, section: Section) -> str:
        """Return the lines above a section."""
        return f"\\midrule\n\\multicolumn{{{len(self.head)}}}{{l}}{{\\emph{{{section.heading}}}}} \\\\\n"

    @property
    def closing(self) -> str:
        """Everything after the last section."""
        return "\n".join([r"\bottomrule", r"\end{tabular}", rf"\end{{{self.environment}}}", ""])

    @property
    def text(self) -> str:
        """The whole table."""
        sections = [self.heading(each) + "".join(f"{row(cells)}\n" for cells in each.rows) for each in self.sections]
        return self.opening + "".join(sections) + self.closing

    @property
    def fits(self) -> bool:
        """Whether it fits the page; widths and heights are estimated from above."""
        rows = [self.head, *(cells for section in self.sections for cells in section.rows)]
        longest = [max(map(_characters, cells)) for cells in zip(*rows, strict=True)]
        size = SIZES[self.columns][1]
        points = sum(longest) * EM * size + GAP * len(longest)
        lines = sum(max(cell.count(r"\\") + 1 for cell in cells) for cells in rows)
        height = (lines + SECTION * len(self.sections)) * LEADING * size
        return points <= ROOM * POINTS * WIDTHS[self.columns] and height <= (MAX_HEIGHT - CAPTION) * POINTS


def escaped(text: str) -> str:
    """Return text so that LaTeX prints it as text, on one line; characters that it may not know are question marks."""
    line = harmless(" ".join(text.split()))
    return "".join(SPECIAL.get(c, c if ord(c) <= LAST else "?") for c in line).replace(r" \%", r"\,\%")


def bold(cell: str) -> str:
    """Return a cell in bold."""
    return rf"\textbf{{{cell}}}"


def stacked(*lines: str) -> str:
    """Return a cell whose lines stand below one another."""
    return STACK + r"\\".join(lines) + "}" if len(lines) > 1 else lines[0]


def stacked_words(text: str) -> str:
    """Return plain text as a cell that breaks after spaces and hyphens, if it is long."""
    words = re.findall(r"[^\s-]+-?", text) if len(text) > LONG_WORD else [text]
    return stacked(*map(escaped, words or [""]))


def row(cells: Sequence[str]) -> str:
    """Return a line of a table."""
    return " & ".join(cells) + r" \\"


def _characters(cell: str) -> float:
    """Return about how many digits are as wide as the longest line of a cell."""
    lines = [UNPRINTED.sub("", SYMBOL.sub("m", line)) for line in cell.removeprefix(STACK).split(r"\\")]
    return max(len(line) + (len(WIDE.findall(line)) - len(NARROW.findall(line))) / 2 for line in lines)


def figure(name: str, caption: str, columns: Columns) -> str:
    """Return the environment of a figure in a file of that name; `caption` is plain text."""
    environment = "figure" if columns == 1 else "figure*"
    return "\n".join(
        [
            rf"\begin{{{environment}}}[t]", r"\centering", rf"\includegraphics{{{name}}}",
            rf"\caption{{{escaped(caption)}}}", rf"\label{{fig:spurgen-{name}}}", rf"\end{{{environment}}}", "",
        ]
    )  # fmt: skip
