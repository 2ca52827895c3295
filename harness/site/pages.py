"""The content of every kind of page: the first one, a ladder, a row, the benchmark's trust, and the search."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from shlex import quote
from typing import NamedTuple

from markupsafe import Markup

from spurgen.benchmark.task import Task
from spurgen.generators.world import world_of
from spurgen.harness.board.columns import Line, cell, known, needed_words
from spurgen.harness.board.formats import SYNTHETIC
from spurgen.harness.board.leaderboard import goal_of
from spurgen.harness.board.placing import ERM
from spurgen.harness.board.rows import RANKED_BY, about_method
from spurgen.harness.machine.printing import and_list, one_line
from spurgen.harness.plots.forest import named
from spurgen.harness.plots.ladder import draw_ladder, named_rows
from spurgen.harness.plots.needed import draw_needed
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.boards import (
    COLUMNS,
    KINDS,
    OverRungs,
    Plain,
    halves_table,
    ladder_table,
    over_rungs,
    plain_table,
    spoken,
)
from spurgen.harness.site.material import BASE, SWITCHED, Climb, Material, followed, shown
from spurgen.harness.site.render import Figures, dark_too, inline_markdown, markdown, own_id
from spurgen.harness.site.scenes import Scene, Scenes, Story, Twins, make_twins, marked, training
from spurgen.harness.site.words import ALL, WHAT, file_name, given, percent, spoken_name, told, what
from spurgen.harness.statistics.needed import of_single_worlds
from spurgen.harness.statistics.units import by_common_unit

MEDIA = {"text": "caption", "image": "picture", "multimodal": "picture with its caption"}
TWINS = 3  # shown of a row on a ladder
VERDICTS = "## Verdicts"


class Best(NamedTuple):
    """The best row of an access tier, or ERM: what it was told of counterexamples, and how many it needs.

    `number`: the score where a ladder has no ceiling.
    """

    label: str
    name: str
    told: str
    number: str


def index_page(material: Material, story: Story | None, figures: Figures) -> dict[str, object]:
    """Return the content of the first page's template."""
    climbs = sorted(material.ladders.values(), key=lambda climb: story is None or climb != story.climb)
    first = climbs[0] if climbs else None
    best = winners(material, first) if first else []
    return {
        "story": story,
        "name": spoken_name(story.label, material.names) if story else "",
        "changed": what(_changed(story)) if story else "",
        "curve": curve(material, first, figures) if first else None,
        "winners": [each for each in best if each is best[0] or each.label == ERM],
        "hidden": hidden(material, story) if story else None,
        "first": first,
        "kind": KINDS[first.shown.modality] if first else "",
        "boards": [ladder_table(material, climb) for climb in climbs],
        "halves": halves_table(material),
        "columns": COLUMNS,
        "everything": figures.add("everything", partial(draw_needed, material.learners)) if material.learners else "",
        "plain_boards": [plain_table(material, name) for name in material.plain],
    }


def _changed(story: Story) -> Sequence[str]:
    return story.climb.shown.channels if story.twins.changed == ALL else [story.twins.changed]


def curve(material: Material, climb: Climb, figures: Figures, own: str = "") -> tuple[str, str] | None:
    """Draw a ladder's curve, in which the row `own` stands out if it has numbers; None for one rung.

    Returns the addresses of the wide figure and of that for a phone, which is all that a side ladder has.
    """
    if len(climb.rungs) < 2:
        return None
    drawn = any(value is not None for value in climb.curve(own))
    name, row = file_name(climb.name), f"#{own_id(material.pages[own])}" if drawn else ""
    ids = {label: own_id(page) for label, page in material.pages.items()}
    draw = partial(draw_ladder, climb, material.names, screen=True, ids=ids)
    narrow = figures.add(f"{name}-narrow", partial(draw, columns=1)) + row
    return figures.add(name, draw) + row if climb.main else narrow, narrow


def winners(material: Material, climb: Climb) -> list[Best]:
    """Return the best row of each access tier, and ERM, best first, that of twins last."""
    lines = {line["submission"]: line for line in material.lines[climb.name]}
    best = named_rows(climb.whole, named(climb.whole, material.names))
    best.sort(key=lambda row: (row.access == SYNTHETIC, -lines[row.label][RANKED_BY]))
    return [
        Best(
            row.label, one_line(spoken_name(row.label, material.names)), told(row.access),
            needed_words(lines[row.label]) or percent(lines[row.label]["robust_accuracy"]),
        )
        for row in best
    ]  # fmt: skip


def hidden(material: Material, story: Story) -> tuple[str, str] | None:
    """Return how often the example's row is right on its rung where shortcuts agree, and where they mislead."""
    line = material.line(story.climb.shown.name, story.label) or {}
    if not known(line, "accuracy_agree") or not known(line, "accuracy_mislead"):
        return None
    return percent(line["accuracy_agree"]), percent(line["accuracy_mislead"])


class Pictured(NamedTuple):
    """A scene and what it shows."""

    scene: Scene
    title: str
    about: str


def ladder_page(material: Material, scenes: Scenes, figures: Figures, name: str) -> dict[str, object]:
    """Return the content of the template of a ladder's page."""
    climb = material.ladders[name]
    rung, world = climb.shown, climb.shown.in_world(0)
    train = [Pictured(each, each.label, "shortcuts agree") for each in training(climb, scenes, 0)]
    counter = scenes.scene(world, "train/counter", 0)
    lines = [line for line in material.lines[name] if not line.get("reason")]
    numbered = [line for line in lines if needed_words(line)]
    return {
        "name": name,
        "title": spoken(climb),
        "others": [(other, file_name(other)) for other in material.ladders],
        "asks": _asks(rung, climb.numbers),
        "train": [*train, Pictured(counter, counter.label, "a counterexample")],
        "twins": _twins(scenes, world),
        "curve": curve(material, climb, figures),
        "climb": climb,
        "rows": over_rungs(material, climb),
        "winners": winners(material, climb),
        "solved": (sum(not needed_words(line).startswith("more") for line in numbered), len(numbered)),
        "ladder": rung.scenario,
        "drawn": rung.has_twins,
        "documented": material.documented,
    }


def ladders_page(material: Material, scenes: Scenes) -> dict[str, object]:
    """Return the content of the list of ladders: for each its question, and a test scene with its twin."""
    return {
        "ladders": [
            {
                "file": file_name(name),
                "title": spoken(climb),
                "asks": _asks(climb.shown, climb.numbers),
                "twins": _twins(scenes, climb.shown.in_world(0))[:2],
            }
            for name, climb in material.ladders.items()
        ]
    }


def _asks(rung: Task, numbers: Sequence[int]) -> str:
    one, classes = len(rung.channels) == 1, world_of(rung.in_world(0).scenario).class_names
    rungs, names = (and_list(each, "or") for each in ([f"{m}" for m in numbers], classes))
    if not rung.has_twins:
        return (
            f"Say whether a {MEDIA[rung.modality]} is {names}. Nobody drew the samples. In training the label goes "
            f"with the {rung.channels[0]} except in {rungs} of {rung.num_train:,} samples, the counterexamples; in the "
            f"test it goes with another.{_more(rung)}"
        )
    return (
        f"Name what a {MEDIA[rung.modality]} shows: {names}, of things that training lacks. "
        f"In training {what(rung.channels)} {'goes' if one else 'go'} with the category except in {rungs} of "
        f"{rung.num_train:,} samples, the counterexamples; in the test {'it points' if one else 'they point'} to "
        f"another category.{' Other scenery varies at random.' if one else ''}{_more(rung)}"
    )


def _more(rung: Task) -> str:
    names = [name for name in rung.channels if name not in rung.annotated]
    hidden = f" Of {what(names)}, training is not told." if names else ""
    noise = rung.scenario.label_noise
    wrong = f" {percent(noise)} of the training labels are wrong." if noise else ""
    return hidden + wrong + (" Methods train the whole encoder here." if rung.backbone == "finetuned" else "")


def _twins(scenes: Scenes, world: Task) -> list[Pictured]:
    """Return a test sample, and the same with the shortcuts of another class, with neutral ones, and one at a time.

    Without twins, a test sample whose shortcut agrees, and another whose shortcut misleads.
    """
    base = scenes.scene(world, BASE, 0)
    if not world.has_twins:
        other = scenes.scene(world, SWITCHED, 0)
        return [
            Pictured(base, base.label, "the shortcut agrees"), Pictured(other, other.label, "the shortcut misleads")
        ]  # fmt: skip
    rival = 1  # the class of sample 0 is the first
    alone = world.channels if len(world.channels) > 1 else ()
    misleads, go = ("all shortcuts mislead", "all go") if alone else (f"{what(world.channels)} misleads", "it goes")
    rest = [
        (SWITCHED, 0, misleads, f"{go} with another class"),
        ("test/neutral", 0, "neutral", f"{go} with no class"),
        *(
            (f"test/{name}", rival * world.scenario.base_of(f"test/{name}")[1], WHAT.get(name, name), "alone misleads")
            for name in alone
        ),
        ("test/thing", 0, "another thing", "shortcuts stay"),
    ]
    made = [(scenes.scene(world, part, index), title, about) for part, index, title, about in rest]
    return [
        Pictured(base, "test scene", "shortcuts agree"),
        *(
            Pictured(Scene(each.label, each.picture, marked(base.words, each.words)), title, about)
            for each, title, about in made
        ),
    ]


@dataclass(frozen=True)
class Part:
    """A row on a ladder; `note` says why it has no place. `twins`: None on a ladder beside the main ones.

    `curve`: figures of the ladder, `rows`: the table beside them.
    """

    climb: Climb
    title: str
    note: str
    verdict: str
    often: str
    twins: Sequence[Twins] | None
    curve: tuple[str, str] | None
    rows: Sequence[OverRungs]


def row_page(material: Material, scenes: Scenes, figures: Figures, label: str) -> dict[str, object]:
    """Return the content of the template of a row's page."""
    row = {name: part for name, part in material.rows[label].items() if name in material.board.tasks}
    first = next(iter(row.values())).results[0]
    climbs = [climb for climb in material.ladders.values() if any(rung.name in row for rung in climb.rungs)]
    parts = [_part(material, scenes, figures, climb, label) for climb in climbs]
    return {
        "label": label,
        "name": first.submission,
        "full": material.names.get(label, ""),
        "given": given(first.access),
        "method": inline_markdown(about_method(row.values())),
        "parts": sorted(parts, key=lambda part: _order(part.climb)),
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


def _part(material: Material, scenes: Scenes, figures: Figures, climb: Climb, label: str) -> Part:
    line, reads = material.line(climb.name, label) or {}, material.reads[climb.name].get(label, [])
    reason = material.reasons(climb).get(label, "")
    rated = "robust_accuracy" in line
    by_world = {read.world: read for read in reads}
    chosen = shown(reads, material.tallies[climb.name], TWINS) if climb.main else None
    return Part(
        climb=climb,
        title=spoken(climb),
        note=f"{'' if rated else 'Not ranked: '}{one_line(reason)}" if reason else _few(material, climb, line),
        verdict=_verdict(climb, line, _single(climb, material.rows[label])) if rated else "",
        often=_often(climb.shown.channels, followed(reads)),
        twins=None if chosen is None else [make_twins(climb, scenes, by_world[world], k) for world, k in chosen],
        curve=curve(material, climb, figures, label),
        rows=over_rungs(material, climb, label),
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
    number, among = needed_words(line), f"among {climb.shown.num_train:,} training samples"
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


class Verdict(NamedTuple):
    """The report's answer to a question: its title, the verdict, the reason, and the path of its chart, if any."""

    title: str
    word: str
    reason: Markup
    chart: str


def trust_page(material: Material, figures: Figures) -> dict[str, object]:
    """Return the content of the page's template."""
    text = material.validity or ""
    found = verdicts(text, set(material.charts))
    for each in found:
        if each.chart:
            figures.begin(each.chart, dark_too, material.charts[each.chart.rpartition("/")[2]])
    report = text.partition("\n## ")
    return {
        "verdicts": found,
        "mains": [name for name, climb in material.ladders.items() if climb.shown.role == "main"],
        "report": markdown(f"## {report[2]}") if report[1] else None,
        "worlds": max((climb.shown.scenario.worlds for climb in material.ladders.values()), default=0),
        "told_apart": [
            (name, board.told_apart)
            for name, board in material.board.tasks.items()
            if board.told_apart is not None and name in {climb.shown.name for climb in material.ladders.values()}
        ],
        "climbs": list(material.ladders.values()),
    }


def verdicts(report: str, charts: set[str]) -> list[Verdict]:
    """Return the verdicts that a report lists: each begins with the heading of a part of it, which may have a chart."""
    titles = [line.removeprefix("## ") for line in report.splitlines() if line.startswith("## ")]
    drawn = dict(re.findall(r"^!\[(.+)\]\(([\w-]+\.svg)\)$", report, re.MULTILINE))
    items = report.partition(f"{VERDICTS}\n")[2].partition("\n## ")[0].replace("\n  ", " ").splitlines()
    found = []
    for title, item in ((title, item) for item in items for title in titles if item.startswith(f"- {title}: ")):
        word, _, reason = item.removeprefix(f"- {title}: ").partition(". ")
        chart = f"figures/{drawn[title]}" if drawn.get(title) in charts else ""
        found.append(Verdict(title, word.replace("**", ""), inline_markdown(reason), chart))
    return found


def search_page(material: Material) -> dict[str, object]:
    """Return the content of the search's template: paths of pages, their titles, and their kinds."""
    ladders = [(f"ladders/{file_name(n)}.html", spoken(climb), "ladder") for n, climb in material.ladders.items()]
    rows = []
    for label, name in material.pages.items():
        results = [part.results[0] for task, part in material.rows[label].items() if task in material.board.tasks]
        if results:
            about = f"{label}, given: {given(results[0].access)}"
            rows.append((f"rows/{name}.html", material.names.get(label) or one_line(label), about))
    pages = [("index.html", "Board", "all methods"), ("trust.html", "Can I trust it?", "validity and limits")]
    return {"entries": [*pages, *ladders, *rows]}
