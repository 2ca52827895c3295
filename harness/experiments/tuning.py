"""Tuning: tries settings of a method, trains each, and judges it on validation data alone."""

import itertools
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.benchmark.checkpoint_rules import ValScore
from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.generators.streams import permutation, stream_key
from spurgen.harness.experiments.tuning_result import SweepTrial, read_trials
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.running.checkpoints import score_on
from spurgen.harness.running.job import CellSpec
from spurgen.harness.running.query import Asker, check_offer
from spurgen.harness.running.run import fit, make_split
from spurgen.harness.sandbox.process import Worker

STRATEGIES = ("random", "grid")


def settings(hyper: Recipe, count: int, strategy: str) -> list[dict[str, float]]:
    """Lists settings to try, the defaults first, at most `count`, none twice; each says all that is searched.

    They come from the product of what the hyper-parameters declare to be searched, in order for a
    `grid`, in an order drawn once and for all for `random`. Raises `SpurgenError` for fewer than one.
    """
    if count < 1:
        raise SpurgenError(f"{count} trials are none; ask for at least 1")
    names = [entry.name for entry in fields(hyper) if entry.metadata["search"]]
    values = [next(e.metadata["search"] for e in fields(hyper) if e.name == name) for name in names]
    grid = [dict(zip(names, row, strict=True)) for row in itertools.product(*values)]
    defaults = {name: getattr(hyper, name) for name in names}
    others = [row for row in grid if row != defaults]
    if strategy == "random":
        key = stream_key("sweep", type(hyper).__module__, *names)
        others = [others[k] for k in permutation(key, len(others))] if others else []
    return [defaults, *others[: count - 1]]


@dataclass(frozen=True)
class SweepSpec:
    """Names a trial of a sweep: a method, and the cell that would be run with some options of it."""

    method: str
    cell: CellSpec

    def run(self) -> SweepTrial:
        """Trains and asks about val; no test sample is made."""
        trial, check = self.cell.prepare()
        begun, access = time.perf_counter(), "none"
        found: dict[str, Any]
        try:
            with Worker(trial.spec, trial.options, trial.task.name, trial.limits, trial.device) as worker:
                check_offer(worker, trial.task)
                access = worker.about["access"]
                train, val = (make_split(trial, split, check) for split in ("train", "val"))
                report = fit(trial, worker, train, val)
                score = score_on(Asker(worker, trial.task), val, "val")
                found = {"accuracy": score.accuracy}
                if ACCESS[access].val_groups:
                    found |= {"worst": score.worst, "mean": score.mean}
                found["broken"] = [name for name, kept in (report.checks if report else {}).items() if not kept]
            self.cell.check_unchanged()
        except SubmissionError as error:
            found = {"error": str(error)}
        return SweepTrial(
            suite=trial.task.scenario.suite, task=trial.task.name, method=self.method, access=access,
            options=trial.options, seed=trial.seed, identity=self.cell.identity,
            seconds=time.perf_counter() - begun, **found,
        )  # fmt: skip


def trials_file(folder: Path, suite: str, method: str) -> Path:
    """Locates a method's trials: folder/suite/method.jsonl; `suite`: a name, or a file's path."""
    return folder / Path(suite).stem / f"{method}.jsonl"


def split_done(folder: Path, specs: Sequence[SweepSpec]) -> tuple[list[SweepTrial], list[SweepSpec]]:
    """Returns the trials that are on disk already, and what is missing: also what failed, maybe by the machine."""
    files = {trials_file(folder, spec.cell.suite, spec.method) for spec in specs}
    kept = {trial.identity: trial for path in files for trial in read_trials(path) if not trial.error}
    done = [kept[spec.cell.identity] for spec in specs if spec.cell.identity in kept]
    return done, [spec for spec in specs if spec.cell.identity not in kept]


def keep(path: Path, trial: SweepTrial) -> None:
    """Adds a trial to its method's file, in place of an older one of the same setting; whole or not at all."""
    same = ("task", "options", "seed")
    others = [t for t in read_trials(path) if any(getattr(t, name) != getattr(trial, name) for name in same)]
    write_atomically(path, "".join(t.model_dump_json() + "\n" for t in [*others, trial]))


def choose(trials: Iterable[SweepTrial]) -> dict[str, Any] | None:
    """Returns the options whose mean val score over tasks and seeds is best; None if no setting worked everywhere.

    By worst-group accuracy, equals by the mean over groups, where the tier shows groups on val, else by
    accuracy. A setting that failed or broke a promise on any task or seed is out. Of equals, the
    first tried.
    """
    return max(ranked(trials), key=lambda row: row[1], default=(None, ()))[0]


def ranked(trials: Iterable[SweepTrial]) -> Iterator[tuple[dict[str, Any], tuple[float, ...]]]:
    """Yields every setting that worked on all tasks and seeds, with what it is judged by."""
    groups: dict[str, list[SweepTrial]] = defaultdict(list)
    for trial in trials:
        groups[json.dumps(trial.options, sort_keys=True)].append(trial)
    for some in groups.values():
        scores = [trial.score for trial in some]
        whole = [score for score in scores if score is not None]
        if len(whole) == len(scores):
            yield some[0].options, _judged(whole)


def _judged(scores: Sequence[ValScore]) -> tuple[float, ...]:
    figures = [(s.accuracy,) if s.worst is None or s.mean is None else (s.worst, s.mean) for s in scores]
    return tuple(np.mean(figures, axis=0).tolist())
