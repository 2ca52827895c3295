"""Why a row lost: the counterfactual families that it gets most wrong, with pictures and captions made again.

A family is a base sample and its twins. Results store, per base sample, whether the base was answered right, whether
the whole family was, and how far each channel moves the probability of the right class. They store no answer to a
single twin, so nothing is said of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from spurgen.benchmark.suite import Task
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.opening import goes_with, other_value, value_name
from spurgen.harness.site.pictures import Pictures, Scene, scenes

SHOWN = 3  # families of a row on a task
Words = Sequence[tuple[str, bool]]


@dataclass(frozen=True)
class Family:
    """A base sample that a row answers right, and a twin with another value of the channel that moves it most.

    `right`: how many of `units` results answer the base right, or, with several worlds, 1 of 1: that of `world`.
    `moved`: how far the probability of the right class moves, 0 to 1, the mean over the channel's values and results.
    `words` of the twin's caption, and whether each is new.
    """

    base: Scene
    twin: Scene
    channel: str
    value: str
    goes_with: str
    right: int
    units: int
    moved: float
    world: int | None
    words: Words | None


class _Candidate(NamedTuple):
    moved: float
    place: int
    channel: str


def families(pictures: Pictures, task: Task, row: TaskRow) -> list[Family]:
    """Return the families of a task that a row gets most wrong; empty if it gets none wrong or has no sample arrays."""
    several = task.scenario.worlds > 1
    chosen = _worst(task, row)
    return [_family(pictures, task, row, candidate, several) for candidate in chosen]


def _worst(task: Task, row: TaskRow) -> list[_Candidate]:
    """Choose the base samples that move furthest, of those answered right whose family no result has all right."""
    moves = {name: row.sums[f"sss/{name}"] for name in task.channels if f"sss/{name}" in row.sums}
    if not moves or "cra" not in row.sums or not len(row.correct):
        return []
    bases = len(row.sums["cra"])
    right = row.correct[:, :bases]
    fitting = (row.sums["cra"] == 0) & (right.any(axis=0) if task.scenario.worlds > 1 else right.all(axis=0))
    found = []
    for name, sums in moves.items():
        shares = np.where(fitting, sums / len(row.correct), -1.0)
        found += [_Candidate(float(shares[k]), int(k), name) for k in np.argsort(-shares, kind="stable")[:SHOWN]]
    best: dict[int, _Candidate] = {}
    for candidate in sorted(found, key=lambda each: (-each.moved, each.place)):
        if candidate.moved > 0:
            best.setdefault(candidate.place, candidate)
    return list(best.values())[:SHOWN]


def _family(pictures: Pictures, task: Task, row: TaskRow, chosen: _Candidate, several: bool) -> Family:
    right = row.correct[:, chosen.place]
    finished = [result.seed for result in row.results if result.error is None]
    seed = finished[int(right.argmax())]
    world = task.in_world(seed)
    base = scenes(pictures, world, [chosen.place])[0]
    value = other_value(world, chosen.channel, base)
    twin = scenes(pictures, world, [chosen.place], "channel", chosen.channel, value)[0]
    return Family(
        base=base,
        twin=twin,
        channel=chosen.channel,
        value=value_name(world, chosen.channel, value),
        goes_with=goes_with(world, chosen.channel, value),
        right=1 if several else int(right.sum()),
        units=1 if several else len(right),
        moved=chosen.moved,
        world=seed if several else None,
        words=changed_words(base.caption, twin.caption) if base.caption and twin.caption else None,
    )


def changed_words(before: str, after: str) -> Words:
    """Return the words of a caption, and whether each is missing from another one."""
    known = set(before.split())
    return [(word, word not in known) for word in after.split()]
