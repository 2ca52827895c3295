"""The material of every page: a suite, its rows, its leaderboard, answers of rows to twins, and all learners.

A result of a ladder stores the class that it predicts for every sample of the test. A scene in which shortcuts agree
with the class has twins with the same thing in the same pose: one in which all shortcuts are those of a rival class,
and twins in which a single shortcut is.

Learners are what has a number of counterexamples needed: rows of ladders, cards of encoders, models in context. A
ladder counts up to three quarters of its ceiling; in context, few demonstrations are shown and another threshold holds,
so that the numbers stand on a scale of their own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.reading import read_text
from spurgen.benchmark.suite import DEFAULT_SUITE, Suite
from spurgen.benchmark.task import Task
from spurgen.benchmark.world import Description
from spurgen.generators.world import world_of
from spurgen.harness.board.columns import Line, Record
from spurgen.harness.board.formats import HEADLINE
from spurgen.harness.board.leaderboard import build_board
from spurgen.harness.board.rows import full_names, short_name
from spurgen.harness.board.schema import Board, Leaderboard
from spurgen.harness.context.episodes import RUNGS, SHOWN
from spurgen.harness.context.report import EXACT, THRESHOLD, TITLES, stored_models
from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.plots.ladder import Climbed, ladders_drawn
from spurgen.harness.plots.needed import Group, Learner, Scale, places
from spurgen.harness.public.card import MODALITIES, stored_cards
from spurgen.harness.results.rows import Rows, TaskRow
from spurgen.harness.results.store import Store
from spurgen.harness.site.words import ALL, file_name

BASE, SWITCHED = "test/agree", "test/mislead"
REPORT_BYTES = 1 << 24
SELDOM = 0.05  # of the answers follow a shortcut: with fewer, an example would be one of chance


@dataclass(frozen=True)
class Pairs:
    """Scenes and twins of a rung's world, int64 (p,) each.

    `shortcut`: what changed, a place in `names`, of which the first is all. `place`: of the scene in its part, `twin`:
    of the twin in its own. `label`, `rival`: classes. `before`, `after`: places of both answers in storage.
    """

    names: tuple[str, ...]
    shortcut: Int64
    place: Int64
    twin: Int64
    label: Int64
    rival: Int64
    before: Int64
    after: Int64

    def __len__(self) -> int:
        return len(self.place)

    def part(self, k: int) -> str:
        """Return the part that has a pair's twin."""
        return f"test/{self.names[self.shortcut[k]]}" if self.shortcut[k] else SWITCHED


@dataclass(frozen=True)
class Read:
    """A row's answers to the pairs of a world, bool (p,) each.

    `followed`: the answer to the twin is the rival. `lost`: it is, and the answer to the scene is right.
    """

    world: int
    pairs: Pairs
    followed: NDArray[np.bool_]
    lost: NDArray[np.bool_]


def pairs_of(rung: Task) -> Pairs:
    """Return the pairs of a rung in one world; all rungs of a ladder have the same."""
    return _made(rung.scenario, rung.modality)


@lru_cache(maxsize=256)
def _made(ladder: Description, modality: Modality) -> Pairs:
    world, channels = world_of(ladder), ladder.channels_in(modality)
    sizes, classes, base = ladder.asked(modality), ladder.num_classes, world.factors(BASE)
    starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
    columns = []
    names = (ALL, *channels) if len(channels) > 1 else (ALL,)  # the only one is all of them
    for k, name in enumerate(names):
        part = f"test/{name}" if k else SWITCHED
        shown = world.factors(part).channel_values[name if k else channels[0]]
        place = np.arange(sizes[part]) % ladder.base_of(part)[1]
        twin = np.flatnonzero((shown < classes) & (shown != base.labels[place]))
        place, rival = place[twin], shown[twin]
        kind = np.full(len(twin), k)
        columns.append((kind, place, twin, base.labels[place], rival, starts[BASE] + place, starts[part] + twin))
    return Pairs(names, *map(np.concatenate, zip(*columns, strict=True)))


def read(rung: Task, row: TaskRow) -> Iterator[Read]:
    """Yield a row's answers in each of its worlds; nothing if no answers are stored, or samples have no twins."""
    if not rung.has_twins:
        return
    seeds = [result.seed for result in row.results if result.error is None]
    for seed, predicted in zip(seeds, row.predicted, strict=False):
        pairs = pairs_of(rung.in_world(seed))
        answers = predicted.ravel().astype(np.int64)
        followed = answers[pairs.after] == pairs.rival
        yield Read(seed, pairs, followed, followed & (answers[pairs.before] == pairs.label))


def followed(every: Sequence[Read]) -> dict[str, float]:
    """Return the share of answers that become the rival, by what changed."""
    if not every:
        return {}
    shortcut = np.concatenate([each.pairs.shortcut for each in every])
    became = np.concatenate([each.followed for each in every])
    return {name: float(became[shortcut == k].mean()) for k, name in enumerate(every[0].pairs.names)}


Lost = tuple[int, int]
"""A pair that a row loses: the world, and its place among the pairs there."""


def tally(rows: Sequence[Sequence[Read]]) -> dict[int, Int64]:
    """Return by world how many rows lose each pair, int64 (p,): pages then share what they show."""
    counts: dict[int, Int64] = {}
    for row in rows:
        for each in row:
            counts[each.world] = counts.get(each.world, np.zeros(len(each.pairs), np.int64)) + each.lost
    return counts


def shown(every: Sequence[Read], counts: Mapping[int, Int64], most: int) -> list[Lost]:
    """Return up to `most` pairs that a row loses, to show; none of a change that the row seldom follows.

    What changed takes turns: all shortcuts first, then single ones, those that the row follows most first. Within one,
    classes that are not shown yet come first, then pairs that more rows lose; each scene is shown once.
    """
    share = followed(every)
    order = sorted((name for name in share if share[name] >= SELDOM), key=lambda name: (name != ALL, -share[name]))
    queues = []
    for name in order:
        found = np.concatenate([_lost(each, name, counts[each.world]) for each in every])
        if len(found):
            queues.append(found[np.lexsort(found.T[::-1])])
    chosen: list[Lost] = []
    scenes: set[tuple[int, int]] = set()
    classes: set[int] = set()
    for turn in range(most if queues else 0):
        fresh = queues[turn % len(queues)]
        for scene in scenes:
            fresh = fresh[(fresh[:, [1, 3]] != scene).any(axis=1)]
        again = np.isin(fresh[:, 4], [*classes])
        for _, world, k, place, label in fresh[again.argsort(kind="stable")][:1].tolist():
            chosen.append((world, k))
            scenes.add((world, place))
            classes.add(label)
    return chosen


def _lost(row: Read, name: str, counts: Int64) -> Int64:
    """Return the lost pairs of one change, int64 (l, 5): minus how many rows lose it, world, pair, place, label."""
    pairs = row.pairs
    k = np.flatnonzero(row.lost & (pairs.shortcut == pairs.names.index(name)))
    return np.stack([-counts[k], np.full(len(k), row.world), k, pairs.place[k], pairs.label[k]], axis=1)


def learners(suite: Suite, board: Leaderboard, names: Mapping[str, str], results: Path) -> list[Group]:
    """Return all learners: a linear head, a whole encoder, a head on another encoder, a model in context.

    `names`: of rows by label. `results`: a folder of rows, whose models in context count beside the package's.
    """
    rungs = [task for task in suite.tasks.values() if task.of and task.counterexamples]
    tuned = [rung for rung in rungs if rung.backbone == "finetuned"]
    drawn = next(iter(suite.halves.values()), ())
    heads = [rung for rung in rungs if rung.role == "main" and (rung.of in drawn or not drawn)]
    numbers = [rung.counterexamples for rung in heads] or [1]
    among = min((rung.num_train for rung in heads), default=0)
    title = f"counterexamples needed, among {among:,} samples, for 3/4 of the ceiling; open: beyond the rungs"
    scale = Scale(title, min(numbers), max(numbers))
    groups = [
        _rows("Frozen encoder, by method", scale, heads, board, names, HEADLINE),
        _rows("Trained encoder, by method", scale, tuned, board, names),
    ]
    if suite.name == DEFAULT_SUITE:  # cards are of its ladders, and models are asked about its things
        groups += [_cards(scale), _models(results)]
    return [group._replace(learners=sorted(group.learners, key=_first)) for group in groups if group.learners]


def _first(learner: Learner) -> float:
    return places(next(iter(learner.needed.values())))[0]


def _rows(
    title: str, scale: Scale, rungs: Sequence[Task], board: Leaderboard, names: Mapping[str, str],
    labels: Sequence[str] = (),
) -> Group:  # fmt: skip
    """Return rows, by default all, on the ladders of these rungs."""
    found: dict[str, dict[str, str]] = {}
    worlds = []
    for name, modality in {rung.of: rung.modality for rung in rungs}.items():
        for line in board.overall[name].lines if name in board.overall else ():
            if line.get("counterexamples_text") and line["submission"] in (labels or [line["submission"]]):
                found.setdefault(line["submission"], {})[modality] = line["counterexamples_text"]
                worlds.append(line["units"])
    shown = [Learner(short_name(names.get(label, label)), needed) for label, needed in found.items()]
    return Group(f"{title}{_in(worlds)}", f"<={scale.least}", shown, scale)  # the ideal observer is right on all rungs


def _cards(scale: Scale) -> Group:
    """Return the encoders whose cards come with the package."""
    cards = [card for half in MODALITIES for card in stored_cards(half)]
    names = [Path(card.encoder).stem if card.encoder.endswith(".py") else card.encoder for card in cards]
    found = [
        Learner(name, {MODALITIES[card.half]: card.needed[card.drawn]}) for name, card in zip(names, cards, strict=True)
    ]
    return Group(f"ERM on an encoder{_in([len(card.worlds) for card in cards])}", f"<={scale.least}", found, scale)


def _in(worlds: Sequence[int]) -> str:
    """Return the number of worlds in which learners were measured, in words."""
    few, most = min(worlds, default=0), max(worlds, default=0)
    return f", in {few}{f' to {most}' * (most > few)} world{'s' * (most > 1)}" if worlds else ""


def _models(results: Path) -> Group:
    """Return the language models in context, and the probes that see the same demonstrations."""
    found: dict[str, str] = {}
    for needed in stored_models(results):
        found |= {f"{name} ({TITLES[kind]})" if kind else name: text for (name, kind), text in needed.items()}
    ideal = found.pop(EXACT, "")
    learned = [Learner(name, {"text": text}) for name, text in found.items()]
    title = (
        f"counterexamples needed, among {SHOWN} demonstrations, for {THRESHOLD:.0%} of pairs; compares with none above"
    )
    return Group("In context", ideal, learned, Scale(title, RUNGS[1], RUNGS[-1]))


@dataclass(frozen=True)
class Climb(Climbed):
    """A ladder that has rows, and whether it is a main one of the suite."""

    main: bool

    @property
    def shown(self) -> Task:
        """The rung whose twins pages show: the lowest above 0, so that training has counterexamples."""
        return next((rung for rung in self.rungs if rung.counterexamples), self.rungs[0])

    @property
    def pictured(self) -> bool:
        """Whether its scenes are pictures."""
        return self.shown.modality != "text"

    @property
    def over(self) -> str:
        """The numbers of counterexamples to which a row's shares on the ladder belong, in words."""
        above = [f"{m}" for m in self.numbers if m] or ["0"]
        return f"mean over {', '.join(above)}" if len(above) > 1 else f"with {above[0]}"

    def curve(self, label: str) -> list[float | None]:
        """Return a row's accuracy where shortcuts mislead on every rung, None where it has none."""
        found = [{line["submission"]: line for line in lines} for lines in self.boards]
        return [lines.get(label, {}).get("robust_accuracy") for lines in found]


@dataclass(frozen=True)
class Material:
    """A suite's results.

    `rows` have the metrics that follow from what is stored, also those that are not ranked. `validity`: the text of the
    validity report, if there is one, and `charts`, its drawings by file name. `learners`: all learners with a number of
    counterexamples needed. `documented`: whether the documentation lies in the site's folder, so that pages link to it.
    """

    suite: Suite
    rows: Rows
    board: Leaderboard
    validity: str | None = None
    charts: Mapping[str, bytes] = field(default_factory=dict)
    learners: Sequence[Group] = ()
    documented: bool = False

    @cached_property
    def pages(self) -> dict[str, str]:
        """The file name of every row's page, without its ending."""
        return {label: file_name(label) for label in self.rows}

    @cached_property
    def names(self) -> dict[str, str]:
        """The full names of our own methods, by label."""
        return full_names(self.rows)

    @cached_property
    def ladders(self) -> dict[str, Climb]:
        """The ladders that have rows, those of main tasks first, in the suite's order."""
        drawn = ladders_drawn(self.suite, self.board)
        climbs = [Climb(**vars(each), main=each.rungs[0].name in self.suite.main) for each in drawn]
        return {climb.name: climb for climb in sorted(climbs, key=lambda climb: not climb.main)}

    @cached_property
    def plain(self) -> list[str]:
        """Names of the sets of tasks and of the tasks that are not ladders."""
        of_ladders = {rung.name for climb in self.ladders.values() for rung in climb.rungs}
        sets = [name for name, board in self.board.overall.items() if board.rows or board.few]
        return [name for name in (*sets, *self.board.tasks) if name not in self.ladders and name not in of_ladders]

    @cached_property
    def lines(self) -> dict[str, list[Record]]:
        """The lines of every board's frame, by task and set of tasks."""
        boards: dict[str, Board] = {**self.board.tasks, **self.board.overall}
        return {name: board.lines for name, board in boards.items()}

    def line(self, name: str, label: str) -> Line | None:
        """Return a row's line on a board, None if it has none."""
        return next((line for line in self.lines[name] if line["submission"] == label), None)

    def reasons(self, climb: Climb) -> dict[str, str]:
        """Return why rows have no place on a ladder, or no result on a rung of it, by label."""
        found = {line["submission"]: line["reason"] for line in self.lines[climb.name] if line.get("reason")}
        by_rung: dict[str, list[str]] = {}
        for rung in climb.rungs:
            for line in self.lines[rung.name]:
                if line.get("reason") and line["submission"] not in found:
                    by_rung.setdefault(line["submission"], []).append(f"{rung.name}: {line['reason']}")
        return found | {label: "; ".join(reasons) for label, reasons in by_rung.items()}

    @cached_property
    def reads(self) -> dict[str, dict[str, list[Read]]]:
        """Answers of every believed row to twins on the rung that is shown, by ladder and label."""
        return {
            name: {
                line["submission"]: list(read(climb.shown, self.rows[line["submission"]][climb.shown.name]))
                for line in self.lines[climb.shown.name]
                if not line.get("reason")
            }
            for name, climb in self.ladders.items()
        }

    @cached_property
    def tallies(self) -> dict[str, dict[int, Int64]]:
        """How many rows lose each pair, by ladder and world."""
        return {name: tally([*reads.values()]) for name, reads in self.reads.items()}


def gather(suite: Suite, results: Path, validity: Path | None = None) -> Material:
    """Read a suite's rows from a folder of results, and the validity report from its file, with drawings beside it."""
    rows = Store(results, suite.name).rows()
    text = read_text(validity, REPORT_BYTES) if validity else None
    charts = {path.name: path.read_bytes() for path in sorted(validity.parent.glob("*.svg"))} if validity else {}
    board = build_board(suite, results, rows)
    return Material(suite, rows, board, text, charts, learners(suite, board, full_names(rows), results))
