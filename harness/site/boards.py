"""The tables of pages: a ladder's board in five columns, its rows over the rungs, and every board as plain texts.

Small drawings in cells are SVG of the page; their numbers stand beside them as text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from markupsafe import Markup

from spurgen.harness.board.columns import (
    CHANNEL,
    Column,
    Line,
    board_keys,
    column,
    halves_keys,
    known,
    needed_words,
    table,
)
from spurgen.harness.board.formats import HALVES_TITLE, blocks
from spurgen.harness.board.placing import ERM
from spurgen.harness.machine.printing import one_line
from spurgen.harness.plots.forest import named
from spurgen.harness.plots.ladder import named_rows, places
from spurgen.harness.plots.style import TIERS
from spurgen.harness.site.material import Climb, Material
from spurgen.harness.site.words import ALL, given, percent, spoken_name
from spurgen.harness.statistics.estimate import Estimate

COLUMNS = {
    key: (column(name).title, about)
    for key, name, about in (
        ("name", "submission", "what training was given besides inputs stands below it"),
        (
            "score", "robust_accuracy",
            "where shortcuts mislead, or where they agree or are neutral, if that is lower: mean over the rungs with "
            "counterexamples, with a 95 % interval; open mark: where shortcuts agree; curve: over the rungs",
        ),
        (
            "needed", "counterexamples",
            "how many are needed: training samples that contradict the shortcut, until accuracy is three quarters of "
            "the ceiling fixed on other worlds",
        ),
        ("follows", "follows", "share of answers that go where all shortcuts, or one alone, are switched"),
        (
            "rank", "rank",
            "first to last rank among the rows that were given the same; rows with a common letter do not differ "
            "significantly",
        ),
    )
}  # fmt: skip
"""Title, which all tables share, and meaning of each column."""
SCALE, HIGH = 100, 12  # units of the drawing of a proportion
WIDE, TALL, MARGIN = 64, 26, 3  # of a small curve
BAR = 26  # height of a bar of 1
KINDS = {"text": "captions", "image": "pictures", "multimodal": "pictures with captions"}


@dataclass(frozen=True)
class Block:
    """The rows of an access tier, or of those with too few worlds."""

    title: str
    access: str
    rows: Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Plain:
    """A board as texts: a mapping from title to text per row, whose pages are `pages`, and the rows without a place."""

    key: str
    title: str
    columns: Mapping[str, Column]
    rows: Sequence[tuple[str, Mapping[str, str]]]
    silent: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Table:
    """The table of a ladder; `plain` has every number, and off the main ladders only the rows without a place.

    `columns`: title and meaning by key. `over`: the numbers of counterexamples to which shares belong, in words.
    """

    key: str
    title: str
    about: str
    columns: Mapping[str, tuple[str, str]]
    over: str
    blocks: Sequence[Block]
    plain: Plain


def ladder_table(material: Material, climb: Climb) -> Table:
    """Return the table of a ladder."""
    board, lines = material.board.overall[climb.name], material.lines[climb.name]
    made: list[Block] = []
    for title, part in blocks(lines, board):
        ranked, access = bool(part[0]["ranked"]), str(part[0]["access"])
        part = part if ranked else sorted(part, key=lambda line: -line["robust_accuracy"])
        rows = [_row(material, climb, line) for line in part]
        made.append(Block(f"Given: {given(access)}" if ranked else title, access if ranked else "", rows))
    numbers = ", ".join(map(str, climb.numbers))
    among = f"{numbers} counterexamples among {climb.shown.scenario.parts['train']:,} training samples"
    plain = plain_table(material, climb.name)
    plain = plain if climb.main else replace(plain, rows=[])
    numbered = any(row["needed"] for block in made for row in block.rows)
    columns = {key: about for key, about in COLUMNS.items() if numbered or key != "needed"}
    return Table(climb.name, spoken(climb), among, columns, climb.over, made, plain)


def spoken(climb: Climb) -> str:
    """Return a ladder's name in text."""
    return f"{climb.name}: {KINDS[climb.shown.modality]}"


def _row(material: Material, climb: Climb, line: Line) -> dict[str, object]:
    """Return a row for the template; `page`: the name of its page; `raw`: values to sort by, empty where unknown."""
    label, value = str(line["submission"]), float(line["robust_accuracy"])
    point = Estimate(value, line.get("robust_accuracy_low"), line.get("robust_accuracy_high"))
    agree, follows = line.get("accuracy_agree"), line.get("follows")
    interval = str(line.get("counterexamples_text") or "").partition(" ")[2].replace("<=", "\N{LESS-THAN OR EQUAL TO}")
    number = line.get("counterexamples") if known(line, "counterexamples") else "1e9" if needed_words(line) else ""
    first, last = line.get("first_rank"), line.get("last_rank")
    rank = "" if first is None else f"{first}" if first == last else f"{first}\N{EN DASH}{last}"
    return {
        "label": one_line(label), "name": material.names.get(label) or one_line(label), "page": material.pages[label],
        "given": given(str(line["access"])), "access": one_line(str(line["access"])), "score": percent(value),
        "agree": percent(agree) if agree is not None else "",
        "scale": scale(value, *point.ends, agree),
        "spark": spark(climb.numbers, climb.curve(label)) if len(climb.rungs) > 1 else "",
        "needed": needed_words(line), "interval": interval,
        "to_erm": str(line.get("counterexamples_to_erm_text") or "").partition(" ")[0].replace("<=", "at most "),
        "follows": follow_bars(line),
        "rank": f"{rank} of {line['of']}" if rank else "", "letters": str(line.get("letters") or ""),
        "raw": {
            "name": "", "score": f"{value:.8g}", "needed": f"{number}", "rank": "" if first is None else f"{first}",
            "follows": "" if follows is None else f"{follows:.8g}",
        },
    }  # fmt: skip


def follow_bars(line: Line) -> list[tuple[str, str, Markup]]:
    """Return how often a row follows all shortcuts, and each alone: its name, the share, and a bar of it.

    A ladder's only shortcut is all of them; more scenes show it than show single ones.
    """
    alone = {key.removeprefix(CHANNEL): line[key] for key in line if key.startswith(CHANNEL)}
    every = {ALL: line["follows"]} if known(line, "follows") else {}
    every = dict.fromkeys(alone, every[ALL]) if every and len(alone) == 1 else every | alone
    return [(name, percent(value), bar(value)) for name, value in every.items()]


def plain_table(material: Material, name: str) -> Plain:
    """Return a board of any kind as texts."""
    board = material.board.overall.get(name)
    title = board.heading(name) if board else name
    of_ladder = material.reasons(material.ladders[name]) if name in material.ladders else None
    return _plain(
        material, name, title, material.lines[name], lambda rated: board_keys(rated, "brief", "wide"), of_ladder
    )


def halves_table(material: Material) -> Plain | None:
    """Return the board of both halves as texts, or None if no row has a place on it."""
    plain = _plain(material, "halves", HALVES_TITLE, material.board.halves, halves_keys)
    return plain if plain.rows else None


def _plain(
    material: Material, name: str, title: str, lines: Sequence[Line], keys_of: Callable[[Sequence[Line]], list[str]],
    reasons: Mapping[str, str] | None = None,
) -> Plain:  # fmt: skip
    rated = [line for line in lines if not line.get("reason")]
    keys = list(dict.fromkeys(["submission", "access", *keys_of(rated)]))
    texts = [{key: one_line(text) for key, text in line.items()} for line in table(rated, keys)]
    pages = [material.pages[line["submission"]] for line in rated]
    if reasons is None:
        reasons = {line["submission"]: line["reason"] for line in lines if line.get("reason")}
    silent = [(material.pages[label], one_line(label), one_line(reason)) for label, reason in reasons.items()]
    about = {each.title: each for each in map(column, keys)}
    return Plain(name, title, about, list(zip(pages, texts, strict=True)), silent)


class OverRungs(NamedTuple):
    """A row's accuracies over the rungs of a ladder, as texts: empty where it has none; `style`: its CSS classes."""

    name: str
    style: str
    texts: Sequence[str]


def over_rungs(material: Material, climb: Climb, own: str = "") -> list[OverRungs]:
    """Return ERM and the best row of each access tier; below the row `own`, if any, on side ladders ERM alone."""
    best = [row.label for row in named_rows(climb.whole, named(climb.whole, {}))]
    access = {line["submission"]: str(line["access"]) for line in climb.whole}
    others = [label for label in dict.fromkeys([ERM, *best]) if label in access and label != own]
    shown = [*([own] if own else []), *others[: None if climb.main or not own else 1]]
    return [
        OverRungs(
            spoken_name(label, material.names), _classes(label, access.get(label, ""), own),
            ["" if value is None else percent(value) for value in climb.curve(label)],
        )
        for label in shown
    ]  # fmt: skip


def _classes(label: str, access: str, own: str) -> str:
    """Return the CSS classes of a row: its colour's, that of ERM or of an access tier, and whether it is own."""
    colour = label if label == ERM else access if access in TIERS else "other"
    return f"of-{colour} own" if label == own else f"of-{colour}"


def _svg(style: str, width: float, height: float, body: str) -> Markup:
    return Markup(f'<svg class="{style}" viewBox="0 0 {width} {height}" aria-hidden="true">{body}</svg>')


def scale(value: float, low: float, high: float, other: float | None) -> Markup:
    """Draw a proportion with its interval on a scale from 0 to 1, and a second one as an open mark."""
    left, at, right = (_clipped(end) * SCALE + 4 for end in (low, value, high))
    middle = HIGH / 2
    body = f'<path class="axis" d="M4 {middle}H{SCALE + 4}"/>'
    if other is not None:
        body += f'<circle class="open" cx="{_clipped(other) * SCALE + 4:.1f}" cy="{middle}" r="3"/>'
    body += f'<path class="interval" d="M{left:.1f} {middle}H{right:.1f}"/>'
    return _svg("scale", SCALE + 8, HIGH, f'{body}<circle cx="{at:.1f}" cy="{middle}" r="3.5"/>')


def spark(rungs: Sequence[int], values: Sequence[float | None]) -> Markup:
    """Draw a row's accuracies over the rungs of a ladder, on a scale from 0 to 1."""
    at = places(rungs)
    wide, high = (WIDE - 2 * MARGIN) / (at[-1] - at[0]), TALL - 2 * MARGIN
    points = [
        f"{MARGIN + wide * (x - at[0]):.0f} {TALL - MARGIN - high * _clipped(value):.0f}"
        for x, value in zip(at, values, strict=True)
        if value is not None
    ]
    line = "L".join(points) or "0 0"
    body = f'<path class="axis" d="M{MARGIN} {TALL - MARGIN}H{WIDE - MARGIN}"/><path class="line" d="M{line}"/>'
    return _svg("spark", WIDE, TALL, body)


def bar(value: float) -> Markup:
    """Draw a proportion as an upright bar."""
    height = _clipped(value) * BAR
    body = f'<path class="axis" d="M0 {BAR}.5H12"/><rect x="2" y="{BAR - height:.1f}" width="8" height="{height:.1f}"/>'
    return _svg("bar", 12, BAR + 1, body)


def _clipped(value: float) -> float:
    return min(max(value, 0.0), 1.0)
