"""A page per row: a verdict, where it fails and why, its curve, and how to run it again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.columns import Line, cell, known, needed_words
from spurgen.harness.board.counterexamples import goal_of
from spurgen.harness.board.methods import about_method
from spurgen.harness.machine.text import one_line
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.boards import Plain, plain_table, spoken
from spurgen.harness.site.climbing import Climbing, climbing
from spurgen.harness.site.material import Climb, Material
from spurgen.harness.site.render import inline_markdown
from spurgen.harness.site.scenes import Scenes
from spurgen.harness.site.story import Twins, make_twins
from spurgen.harness.site.twins import followed, shown
from spurgen.harness.site.words import ALL, given, percent, what
from spurgen.harness.statistics.needed import of_single_worlds
from spurgen.harness.statistics.units import by_common_unit

TWINS = 3  # shown of a row on a ladder


@dataclass(frozen=True)
class Part:
    """A row on a ladder; `note` says why it has no place. `twins`: None on a ladder beside the main ones."""

    key: str
    title: str
    note: str
    verdict: str
    counterexamples: int
    often: str
    twins: Sequence[Twins] | None
    climbing: Climbing


def row_page(material: Material, scenes: Scenes, label: str) -> dict[str, object]:
    """Return the content of the template of a row's page."""
    row = {name: part for name, part in material.rows[label].items() if name in material.board.tasks}
    first = next(iter(row.values())).results[0]
    climbs = [climb for climb in material.ladders.values() if any(rung.name in row for rung in climb.rungs)]
    parts = [_part(material, scenes, climb, label) for climb in climbs]
    return {
        "label": label,
        "name": first.submission,
        "full": material.names.get(label, ""),
        "given": given(first.access),
        "method": inline_markdown(about_method(row.values())),
        "parts": sorted(parts, key=lambda part: _order(material.ladders[part.key])),
        "plain_boards": [
            _only(plain_table(material, name), material.pages[label]) for name in material.plain if name in row
        ],
        "command": f"spurgen reproduce {quote(one_line(label))} --suite {material.suite.spoken}",
        "facts": dict(_facts(row)),
    }


def _order(climb: Climb) -> tuple[bool, bool]:
    return not climb.main, not climb.pictured


def _only(board: Plain, page: str) -> Plain:
    """Return a board with the line of one row."""
    rows = [each for each in board.rows if each[0] == page]
    return Plain(board.key, board.title, board.columns, rows, [each for each in board.silent if each[0] == page])


def _part(material: Material, scenes: Scenes, climb: Climb, label: str) -> Part:
    line, reads = material.line(climb.name, label) or {}, material.reads[climb.name].get(label, [])
    reason = material.reasons(climb).get(label, "")
    rated = "robust_accuracy" in line
    by_world = {read.world: read for read in reads}
    chosen = shown(reads, material.tallies[climb.name], TWINS) if climb.main else None
    return Part(
        key=climb.name,
        title=spoken(climb),
        note=f"{'' if rated else 'Not ranked: '}{one_line(reason)}" if reason else _few(material, climb, line),
        verdict=_verdict(climb, line, _single(climb, material.rows[label])) if rated else "",
        counterexamples=climb.shown.counterexamples,
        often=_often(climb.shown.channels, followed(reads)),
        twins=None if chosen is None else [make_twins(climb, scenes, by_world[world], k) for world, k in chosen],
        climbing=climbing(material, climb, label),
    )


def _often(names: Sequence[str], shares: Mapping[str, float]) -> str:
    """Describe how often a row follows shortcuts, all of them first; empty without answers."""
    if not shares or len(names) == 1:
        return f"when {what(names)} is switched, {percent(shares[ALL])} of its answers follow it." if shares else ""
    alone = sorted(names, key=lambda name: -shares[name])
    single = [f"; when only {what([name])} is, {percent(shares[name])}" for name in alone]
    return f"when all shortcuts are switched, {percent(shares[ALL])} of its answers follow them{''.join(single)}."


def _few(material: Material, climb: Climb, line: Line) -> str:
    board = material.board.overall[climb.name]
    return "" if line.get("ranked") else f"Not ranked: it has {line.get('units')} of {board.asked} {board.unit}s."


def _single(climb: Climb, row: Mapping[str, TaskRow]) -> str:
    """Return how many counterexamples a row needs in single worlds, in a clause; empty for one or without a ceiling."""
    rungs = [rung for rung in climb.rungs if rung.counterexamples]
    curves, goal = by_common_unit([row[rung.name].metric(RANKED_BY) for rung in rungs]).T, goal_of(rungs)
    return f", {of_single_worlds(curves, goal)} in single worlds" if goal and len(curves) > 1 else ""


def _verdict(climb: Climb, line: Line, single: str) -> str:
    """Describe a row's result on a ladder in a sentence or two; `single`: what it needs in single worlds, a clause."""
    number, among = needed_words(line), f"among {climb.shown.ladder.train:,} training samples"
    needs = f"It needs {number} counterexamples {among}{single}. " if number else ""
    rank = cell("rank", line).replace("-", "\N{EN DASH}")
    ranks = f" Rank {rank} of {line['of']} among methods given the same." if rank else ""
    right = percent(line["robust_accuracy"])
    agree = f", and in {percent(line['accuracy_agree'])} where they agree" if known(line, "accuracy_agree") else ""
    over = f"{climb.over} counterexamples"
    return f"{needs}It is right in {right} of test scenes where shortcuts mislead{agree} ({over}).{ranks}"


def _facts(row: Mapping[str, TaskRow]) -> Iterator[tuple[str, str]]:
    """Yield facts on how results were made; different values of a fact are joined."""
    results = [result for part in row.values() for result in part.results]
    made = [result.provenance.environment for result in results]
    days = sorted(result.provenance.finished[:10] for result in results)
    options = {f"{key} = {value}" for result in results for key, value in result.options.items()}
    found: dict[str, Sequence[str]] = {
        "Submission": [result.spec for result in results],
        "Submission SHA-256": [result.submission_sha256 for result in results],
        "Options": sorted(options),
        "Access tier": [result.access for result in results],
        "Verified": [result.verification for result in results],
        "Isolation": [result.isolation for result in results],
        "Finished": [days[0], days[-1]],
        "SpurGen": [each.spurgen for each in made],
        "Python": [each.python for each in made],
        "Device": [each.gpu or each.device for each in made],
    }
    for name, values in found.items():
        if any(values):
            yield name, "; ".join(dict.fromkeys(map(one_line, dict.fromkeys(values))))
