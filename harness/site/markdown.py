"""The part of Markdown that our own reports use, as blocks for a template: nothing in it is passed on as HTML."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

INLINE = re.compile(r"\*\*(?P<strong>.+?)\*\*|`(?P<code>[^`]+)`|(?<!\\)\[(?P<link>[^\]]+)\]\([^)]*\)")


@dataclass
class Block:
    """A heading (`level` 2 or 3), paragraph, list or table; `lines` are its items, `cells` the table's rows."""

    kind: str
    level: int = 0
    lines: list[Markup] = field(default_factory=list)
    cells: list[list[Markup]] = field(default_factory=list)


def blocks(text: str) -> list[Block]:
    """Return the blocks of a report; pictures and the title of first level are left out."""
    return [block for lines in _parts(text) if (block := _block(lines))]


def sections(found: Sequence[Block]) -> dict[str, list[Block]]:
    """Return blocks by the heading of second level above them."""
    made: dict[str, list[Block]] = {}
    current: list[Block] = []
    for block in found:
        if block.kind == "heading" and block.level == 2:
            current = made.setdefault(str(Markup(block.lines[0]).striptags()), [])
        else:
            current.append(block)
    return made


def _parts(text: str) -> Iterator[list[str]]:
    """Yield the runs of lines between empty ones; a heading is a run of its own."""
    run: list[str] = []
    for line in [*text.splitlines(), ""]:
        if not line.strip() or line.startswith("#"):
            if run:
                yield run
            run = []
            if line.startswith("#"):
                yield [line]
        else:
            run.append(line)


def _block(lines: list[str]) -> Block | None:
    first = lines[0]
    heading = re.match(r"(#+) (.*)", first)
    if heading:
        return Block("heading", len(heading[1]), [inline(heading[2])]) if len(heading[1]) > 1 else None
    if first.startswith("!["):
        return None
    if first.startswith("|"):
        return Block("table", cells=[_cells(line) for k, line in enumerate(lines) if k != 1])
    if first.startswith("- "):
        return Block("list", lines=[inline(item) for item in _items(lines)])
    return Block("paragraph", lines=[inline(" ".join(line.strip() for line in lines))])


def _items(lines: list[str]) -> list[str]:
    """Return the items of a list, each of which may go on in further lines."""
    items: list[str] = []
    for line in lines:
        if line.startswith("- "):
            items.append(line[2:])
        else:
            items[-1] += f" {line.strip()}"
    return items


def _cells(line: str) -> list[Markup]:
    return [inline(cell.strip()) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def inline(text: str) -> Markup:
    """Return a line with its strong and code parts marked; links become their text, escapes what they stand for."""
    parts, last = [], 0
    for match in INLINE.finditer(text):
        parts.append(_plain(text[last : match.start()]))
        kind, content = next((kind, value) for kind, value in match.groupdict().items() if value is not None)
        tag = {"strong": "strong", "code": "code"}.get(kind)
        parts.append(Markup(f"<{tag}>{{}}</{tag}>").format(_plain(content)) if tag else _plain(content))
        last = match.end()
    return Markup("").join([*parts, _plain(text[last:])])


def _plain(text: str) -> Markup:
    return escape(html.unescape(re.sub(r"\\([\\|\[\]`*~_])", r"\1", text)))
