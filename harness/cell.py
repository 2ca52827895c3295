"""One cell, (task, submission, seed): trained, asked, scored and recorded; what an executor runs."""

import hashlib
import itertools
import json
import platform
import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from spurgen.benchmark.contract import Context
from spurgen.benchmark.errors import MetricError, SubmissionError
from spurgen.benchmark.record import Cell, pack
from spurgen.benchmark.suite import Suite, Task, load_suite
from spurgen.generators import CLASS_NAMES, Samples, sample
from spurgen.harness.answers import Asker, check_offer, collect
from spurgen.harness.data import labeled_data, shown
from spurgen.harness.freeze import shard_bounds
from spurgen.harness.frozen import check_description, check_samples
from spurgen.harness.identity import scoring_digest, submission_digest
from spurgen.harness.process import ISOLATION, Worker
from spurgen.harness.scoring import score

SOURCES = (":(top)*.py", ":(top)*.toml", ":(top)*.manifest.json")  # what makes a tree dirty: not the rows themselves
PACKAGES = ("numpy", "numba", "torch", "scikit-learn", "scipy")


@dataclass(frozen=True)
class CellSpec:
    """Names a cell; small and picklable, so that any executor can carry it.

    With `uncorrelated` the submission trains in the same world without its correlations, which are not
    frozen: the reference that shows whether a task can be learned at all.
    """

    suite: str
    task: str
    spec: str
    seed: int
    device: str = "cpu"
    options: dict[str, Any] = field(default_factory=dict)
    uncorrelated: bool = False

    @property
    def identity(self) -> str:
        """Is the SHA-256 of all that the cell's figures depend on."""
        suite = load_suite(self.suite)
        frozen = check_description(suite, suite.task(self.task).scenario.name)
        parts = [
            suite.name, self.task, str(self.seed), str(self.uncorrelated), json.dumps(self.options, sort_keys=True),
            submission_digest(self.spec), frozen.digest, scoring_digest(),
        ]  # fmt: skip
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def run_cell(cell: CellSpec) -> Cell:
    """Trains, asks and scores; a submission's failure is recorded in the cell, not raised.

    Raises `FrozenDataError` if the data are not the frozen ones: then no result is worth anything.
    """
    suite = load_suite(cell.suite)
    task = suite.task(cell.task)
    about: dict[str, Any] = {"name": Path(cell.spec).stem, "access": "none"}
    common = {
        "suite": suite.name, "task": cell.task, "spec": cell.spec, "options": cell.options, "seed": cell.seed,
        "identity": cell.identity, "uncorrelated": cell.uncorrelated,
        "data_sha256": check_description(suite, task.scenario.name).digest, "isolation": ISOLATION,
    }  # fmt: skip
    try:
        with Worker(cell.spec, cell.options, cell.task) as worker:
            about = worker.about
            check_offer(worker, task)
            fields = _train_and_score(cell, suite, task, worker)
    except (SubmissionError, MetricError) as error:
        fields = {"error": "\n".join([str(error), *getattr(error, "__notes__", [])]), "provenance": provenance()}
    return Cell(submission=about["name"], access=about["access"], **common, **fields)


def _train_and_score(cell: CellSpec, suite: Suite, task: Task, worker: Worker) -> dict[str, Any]:
    train, val = (_split(suite, task, split, cell.uncorrelated) for split in ("train", "val"))
    clock = [time.perf_counter()]
    if "fit" in worker.about["offers"]:
        access = worker.about["access"]
        names = CLASS_NAMES[: task.scenario.num_classes]
        context = Context(names, task.modality, task.scenario.image_size, cell.device, cell.seed, worker.scratch)
        data = [labeled_data(task, split, made, access) for split, made in (("train", train), ("val", val))]
        worker.fit(data[0], data[1], context)
    clock.append(time.perf_counter())
    asker = Asker(worker, task)
    asker.fit_probe(train)
    answers, factors = collect(asker, suite, val, train)
    clock.append(time.perf_counter())
    scores = score(task, answers, factors, train)
    clock.append(time.perf_counter())
    seconds = dict(zip(("fit", "ask", "score"), (b - a for a, b in itertools.pairwise(clock)), strict=True))
    return {
        "figures": scores.figures, "channels": scores.channels, "patterns": scores.patterns, "groups": scores.groups,
        "samples": {name: pack(array) for name, array in scores.samples.items()},
        "provenance": provenance()
        | {"seconds": seconds, "peak_memory_bytes": worker.peak_bytes, "device": cell.device},
    }  # fmt: skip


def _split(suite: Suite, task: Task, split: str, uncorrelated: bool) -> Samples:
    """Makes `train` or `val` and checks it against the manifest, unless it is the uncorrelated one."""
    name = task.scenario.name
    scenario = task.scenario.uncorrelated() if uncorrelated else task.scenario
    whole = sample(scenario, split, range(scenario.split_size(split)), **shown(task))
    for start, stop in [] if uncorrelated else shard_bounds(scenario, split):
        check_samples(suite, name, split, start, whole.take(slice(start, stop)))
    return whole


def provenance() -> dict[str, Any]:
    """Says when, where and with what a cell was run."""
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {_processor()}",
        "packages": {name: version(name) for name in PACKAGES},
        "spurgen": version("spurgen"),
        **git_state(Path(__file__).parent),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def git_state(folder: Path) -> dict[str, Any]:
    """Names the commit that a folder's code is at and whether its sources were changed; empty outside a checkout."""
    try:
        commit, changes = (
            subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no", "--", *SOURCES])
        )
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"commit": commit, "dirty": bool(changes)}
