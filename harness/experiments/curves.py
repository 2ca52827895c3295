"""Methods trained on the rungs of ladders in worlds that are never ranked; a file keeps what was measured.

It serves questions about ladders: the rules by which they enter a suite, and their fingerprint.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.task import Task, rungs_of
from spurgen.benchmark.world import Description, load_scenario
from spurgen.generators.world import FITTED, Samples
from spurgen.harness.machine import pool
from spurgen.harness.machine.files import locked, write_atomically
from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.results.answered import answered
from spurgen.harness.results.identity import submission_digest
from spurgen.harness.running.data import fitted, make_part
from spurgen.harness.running.features import Work, missing
from spurgen.harness.running.here import Here
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import baseline_specs, plan_unfrozen
from spurgen.harness.running.run import fit

Curve = dict[str, dict[str, float]]
"""By number of counterexamples: accuracies by metric; and on train the `errors` and, of these, counterexamples `found`.

A(m) is `robust_accuracy`.
"""
KEPT = ("robust_accuracy", "accuracy_", "seen_")
"""How the names of the metrics begin that a curve has."""


class Run(NamedTuple):
    """A method on the rungs of a ladder in a world.

    `ladder`: its name in the `suite`, or the path of a scenario file. `method`: a baseline, or a spec. `options`: JSON.
    `rungs`: numbers of counterexamples in place of the ladder's. `uncorrelated`: train without a correlation. `train`:
    another number of train samples than the ladder's; `share`: of those that are no counterexamples, the first ones.
    """

    suite: str
    ladder: str
    world: int
    method: str
    options: str = "{}"
    rungs: tuple[int, ...] = ()
    uncorrelated: bool = False
    train: int = 0
    share: float = 1.0


def lowest(suite: str, ladder: str, train: int = 0) -> Task:
    """Return the rung of a ladder with the fewest counterexamples; arguments as of `Run`.

    Raise `ScenarioError` for a scenario without rungs, and `SpurgenError` for a ladder that the suite lacks.
    """
    if ladder.endswith(".toml"):
        described = load_scenario(ladder)
        if not described.rungs:
            raise ScenarioError(f"{ladder} describes no ladder: it has no rungs of counterexamples")
        return rungs_of(described, described.modality)[0]
    known = load_suite(suite).ladders
    task = known[one_of("ladder", ladder, known)][0]
    return replace(task, scenario=task.scenario.model_copy(update={"train": train})) if train else task


def _lowest(wanted: Sequence[Run]) -> dict[Run, Task]:
    """Return the lowest rung of each run's ladder, every file read once."""
    once = cache(lowest)
    return {run: once(run.suite, run.ladder, run.train) for run in wanted}


def climb(run: Run) -> Curve:
    """Train on every rung; return what was measured."""
    task, curve = lowest(run.suite, run.ladder, run.train), Curve()
    for m in run.rungs or task.scenario.rungs:
        job = plan_unfrozen(
            replace(task, counterexamples=m), baseline_specs([run.method])[0], run.world, "cpu", json.loads(run.options)
        )
        curve[str(m)] = _trained(replace(job, uncorrelated=run.uncorrelated), run.share)
    return curve


def _trained(job: Job, share: float) -> dict[str, float]:
    """Train a baseline in this process, and measure it; twins of test are not asked."""
    task, scenario = job.task, job.task.scenario
    with Here(job) as here:
        train, val = (fitted(job, split) for split in FITTED)
        pieces = [] if job.uncorrelated else scenario.pieces("train", task.counterexamples)
        counter = np.zeros(len(train.labels), bool)
        counter[:] = np.concatenate([np.full(len(rows), part == "train/counter") for part, rows in pieces] or [counter])
        others = ~counter
        kept = np.flatnonzero(counter | (others.cumsum() <= round(share * others.sum())))
        train, counter = train.take(kept), counter[kept]
        fit(job, here, train, val)
        predict = here.submission.predict
        assert predict is not None

        def answers(samples: Samples) -> Int64:
            found: Int64 = np.asarray(predict(samples.inputs)).argmax(axis=1)
            return found

        read = _read(task)
        classes = [
            answers(make_part(job, part)) if part in read else np.zeros(size, np.int64)
            for part, size in scenario.asked(task.modality).items()
        ]
        wrong = answers(train) != train.labels
    values = answered(task, np.concatenate(classes)).metrics
    on_train = {"errors": float(wrong.sum()), "found": float((wrong & counter).sum())}
    return {name: value for name, value in values.items() if name.startswith(KEPT)} | on_train


def _read(task: Task) -> set[str]:
    """Return the parts of test from which accuracies follow."""
    layout = task.scenario.layout(task.modality)
    return {*layout.grouped, *layout.averaged.values()}


def unencoded(wanted: Sequence[Run]) -> list[Work]:
    """Return the parts of worlds whose features the runs need and the cache lacks: all but twins of test."""
    worlds = dict.fromkeys((task, run.world) for run, task in _lowest(wanted).items())
    work = list[Work]()
    for task, world in worlds:
        twins = task.scenario.asked(task.modality).keys() - _read(task)
        work += [each for each in missing([task.in_world(world)], None) if each.part not in twins]
    return [*{each.file: each for each in work}.values()]


def measure(wanted: Sequence[Run], path: Path, jobs: int | None, done: Callable[[Run], None]) -> Mapping[Run, Curve]:
    """Return the curve of each run; runs that are not in the file `path` are trained, and stored there as they end."""
    keys = {run: _key(run, task.scenario) for run, task in _lowest(wanted).items()}
    known = _stored(path)
    for run, curve in pool.run(climb, [run for run, key in keys.items() if key not in known], jobs):
        with locked(path.parent):
            known |= _stored(path) | {keys[run]: curve}
            write_atomically(path, json.dumps(known))
        done(run)
    return {run: known[key] for run, key in keys.items()}


def _key(run: Run, ladder: Description) -> str:
    """Return the key that a measurement is stored under: it depends on the ladder and on the versions of the method."""
    return json.dumps([*run, ladder.digest, submission_digest(baseline_specs([run.method])[0])])


def _stored(path: Path) -> dict[str, Curve]:
    known: dict[str, Curve] = json.loads(path.read_text()) if path.exists() else {}
    return known
