"""The leaderboard as Markdown: a table per task, set of tasks and access tier."""

from collections.abc import Iterator, Sequence

from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.columns import Line, board_keys, column, table
from spurgen.harness.board.frame import lines_of
from spurgen.harness.board.schema import Board, Leaderboard, SetBoard, TaskBoard
from spurgen.harness.machine.printing import as_markdown, markdown_table

SYNTHETIC = "twins"  # the access tier that is given what real data rarely have
APART = ", which real data rarely have"
STRANGERS = (
    "submission", "name", "access", "reason", "verification", "model", "other", "encoder", "group", "checkpoint",
)  # fmt: skip
"""Keys of texts that submitters wrote."""


def to_markdown(board: Leaderboard) -> str:
    """Return all boards, after an explanation of their columns."""
    lines = [line for part in (*board.tasks.values(), *board.overall.values()) for line in lines_of(part)]
    columns = [column(key) for key in board_keys(lines, "brief", "wide")]
    meanings = [f"- {each.title}: {each.about}." for each in columns]
    parts = [f"# SpurGen {board.suite} leaderboard", "\n".join(["Brackets: 95 % intervals.", "", *meanings])]
    for name, whole in board.overall.items():
        if whole.shown:
            parts += [f"## {whole.heading(name)}", *board_markdown(whole)]
    for name, part in board.tasks.items():
        parts += [f"## {name}", *board_markdown(part)]
    return "\n\n".join([*parts, f"Manifest SHA-256: `{board.manifest_sha256}`"]) + "\n"


def board_markdown(part: Board) -> list[str]:
    """Return a board's blocks, each a heading with its table, and the rows that are not ranked."""
    parts = []
    if isinstance(part, TaskBoard) and part.told_apart is not None:
        parts.append(f"Pairs of baselines told apart, over all tiers: {part.told_apart:.0%}.")
    lines = escaped(lines_of(part))
    for title, rows in blocks(lines, part):
        parts += [f"### {title}", markdown_table(table(rows, board_keys(lines, "brief", "wide")))]
    silent = [f"Not ranked: {line['submission']}: {line['reason']}" for line in lines if line.get("reason")]
    controls = part.controls if isinstance(part, SetBoard) else None
    return [*parts, *silent, *([f"- {line}" for line in controls.lines] if controls else [])]


def blocks(lines: Sequence[Line], part: Board) -> Iterator[tuple[str, list[Line]]]:
    """Yield a heading and its lines for each access tier, then for the rows with too few units.

    The tier whose best row has the highest estimate comes first; that of twins comes last.
    """
    tiers: dict[str, list[Line]] = {}
    for line in lines:
        if line["ranked"]:
            tiers.setdefault(line["access"], []).append(line)
    for access in sorted(tiers, key=lambda tier: (tier == SYNTHETIC, -tiers[tier][0][RANKED_BY])):
        yield tier_title(access), tiers[access]
    few = [line for line in lines if not line["ranked"] and not line.get("reason")]
    if few:
        yield f"Fewer than {part.asked} {part.unit}s: not ranked among the others", few


def tier_title(access: str) -> str:
    """Return the heading of an access tier's rows."""
    return f"Access: {access}{APART if access == SYNTHETIC else ''}"


def escaped(lines: Sequence[Line]) -> list[Line]:
    """Return lines with the texts of `STRANGERS` escaped for Markdown."""
    return [
        {**line, **{key: as_markdown(line[key]) for key in STRANGERS if isinstance(line.get(key), str)}}
        for line in lines
    ]
