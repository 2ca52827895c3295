"""The study: tune every method on a world of its own, then train it on the worlds of the figures.

Each training is stored as it ends, so a study that was interrupted goes on where it was.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from spurgen.baselines.training.last_layer import FeatureRecipe
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import Environment
from spurgen.harness.anchor.dataset import Attributed
from spurgen.harness.anchor.record import AnchorData, AnchorFile, AnchorResult, Options, read_anchor, write_anchor
from spurgen.harness.anchor.training import AnchorJob, baseline, cannot_run, identity_of, stretch_of, train_and_score
from spurgen.harness.anchor.worlds import TUNING, Design, Part, world_of
from spurgen.harness.experiments.tuning import Setting, choose, settings
from spurgen.harness.machine.files import locked
from spurgen.harness.machine.interrupts import explain_stop
from spurgen.harness.machine.progress import make_progress
from spurgen.harness.machine.provenance import environment

REFERENCE = "erm"  # the method that also trains on balanced data, and with whose settings others train their features
CONTINUES = "finished trainings are kept; run the same command again to continue"


@dataclass
class Study:
    """What to run on a data set, and the file of its results.

    `trials`: settings per method, its defaults and the draws that all methods share. `worlds`: how many worlds the
    figures are of.
    """

    data: Attributed
    path: Path
    methods: Sequence[str]
    trials: int
    worlds: int
    design: Design = field(default_factory=Design)

    def __post_init__(self) -> None:
        self._about = _about(self.data, self.design)
        self._known: dict[str, AnchorResult] = {}
        stored = self._read()
        self._used: dict[str, AnchorResult] = {}
        self._environment = stored.environment if stored else self._here
        reasons = {name: cannot_run(baseline(name).ACCESS, self.data.splits is None) for name in self.methods}
        self.left_out = {name: reason for name, reason in reasons.items() if reason}
        """Methods without figures, and why."""

    def _read(self) -> AnchorFile | None:
        """Read the file, and add its current results to those that are known; raise `SpurgenError` for other data."""
        stored = read_anchor(self.path)
        if stored and stored.data != self._about:
            raise SpurgenError(
                f"{self.path} has results on other data: other files, samples or features; name another folder, or "
                "delete the file"
            )
        for result in stored.results if stored else ():
            known = self._known.get(result.identity)
            if (known is None or (known.error and not result.error)) and self._is_current(result):
                self._known[result.identity] = result
        return stored

    def _is_current(self, result: AnchorResult) -> bool:
        job = AnchorJob(result.method, result.options, result.world, result.correlated)
        return result.identity == identity_of(job, self._about.sha256, self.design)

    @cached_property
    def _here(self) -> Environment:
        return environment()

    @property
    def total(self) -> int:
        """Number of trainings, at most."""
        running = [name for name in self.methods if name not in self.left_out]
        reference = self.worlds if REFERENCE in running and self.data.splits is None else 0
        return len(running) * self.worlds + sum(len(self._settings(name, {})) for name in running) + reference

    def run(self, console: Console) -> AnchorFile:
        """Run what is missing with one thread, with a progress bar; store and return all results."""
        with explain_stop(CONTINUES), _one_thread(), make_progress(console) as progress:
            bar = progress.add_task("trainings", total=self.total)
            for _ in self._results():
                progress.advance(bar)
        return self._write()

    def _results(self) -> Iterator[AnchorResult]:
        """Yield every result, ERM's first, since other methods inherit its settings."""
        inherited: Options = {}
        for name in sorted(set(self.methods) - self.left_out.keys(), key=lambda name: (name != REFERENCE, name)):
            tried = []
            for options in self._settings(name, inherited):
                tried.append(self._result(AnchorJob(name, options, TUNING)))
                yield tried[-1]
            best = choose(Setting(result.options, result.score or None, 1) for result in tried)
            if best is None:
                self.left_out[name] = f"no setting worked: {_fault(tried[0])}"
                continue
            if name == REFERENCE:
                inherited = {key: best.options[key] for key in ("lr", "weight_decay")}
            for job in self._figures(name, best.options):
                yield self._result(job)

    def _settings(self, name: str, inherited: Options) -> list[Options]:
        hyper = baseline(name).HYPERPARAMETERS
        fixed = inherited if isinstance(hyper, FeatureRecipe) and name != REFERENCE else {}
        return [fixed | options for options in settings(hyper, self.trials)]

    def _figures(self, name: str, options: Options) -> list[AnchorJob]:
        jobs = [AnchorJob(name, options, str(world)) for world in range(self.worlds)]
        if name == REFERENCE and self.data.splits is None:
            jobs += [AnchorJob(name, options, str(world), correlated=False) for world in range(self.worlds)]
        return jobs

    def _result(self, job: AnchorJob) -> AnchorResult:
        """Return a job's stored result, or train and store it; a failed training is tried again."""
        identity = identity_of(job, self._about.sha256, self.design)
        known = self._known.get(identity)
        if known is None or known.error:
            self._known[identity] = train_and_score(self.data, job, self.design, identity)
            self._environment = self._here
            self._write(unfinished=True)
            known = self._known[identity]
        self._used[identity] = known
        return known

    def _write(self, *, unfinished: bool = False) -> AnchorFile:
        """Store and return all results, with those that other processes stored in the meantime."""
        with locked(self.path.parent):
            self._read()
            content = self._file(unfinished=unfinished)
            write_anchor(self.path, content)
        return content

    def _file(self, *, unfinished: bool = False) -> AnchorFile:
        """Return the results of this study, of its other methods, and until it is finished all that are stored.

        Another method whose figures were begun again with other options, and are not complete, has none.
        """
        others = {
            identity: result
            for identity, result in self._known.items()
            if unfinished or (result.method not in self.methods and result.method not in self._mixed)
        }
        results = tuple((self._used | others).values())
        tried = Counter(result.method for result in results if result.world == TUNING)
        return AnchorFile(
            data=self._about,
            environment=self._environment,
            trials=max(tried.values(), default=self.trials),
            stretch=stretch_of(sum(self._about.train)),
            left_out=dict(sorted(self.left_out.items())),
            results=results,
        )

    @property
    def _mixed(self) -> set[str]:
        figures = [(result.method, str(result.options)) for result in self._known.values() if result.world != TUNING]
        settings_of = Counter(method for method, _ in set(figures))
        return {method for method, count in settings_of.items() if count > 1}


def _about(data: Attributed, design: Design) -> AnchorData:
    world = world_of(data, TUNING, design)

    def sizes(part: Part) -> tuple[int, ...]:
        return tuple(np.bincount(part.groups, minlength=2 * len(data.class_names)).tolist())

    return AnchorData(
        name=data.name, class_names=data.class_names, attribute=data.attribute, values=data.values,
        encoder=data.encoder, sha256=data.sha256, sampled=data.splits is None,
        train=sizes(world.train), val=sizes(world.val), test=sizes(world.test),
    )  # fmt: skip


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _fault(result: AnchorResult) -> str:
    return result.error or f"failed {', '.join(result.failed_checks)}"
