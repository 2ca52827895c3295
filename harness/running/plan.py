"""Plan which jobs to run."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from spurgen.baselines.training.encoders import ENCODERS
from spurgen.benchmark.contract import CARRIERS_OF
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.benchmark.plugins import BASELINES, is_baseline, names_in
from spurgen.benchmark.result import Result
from spurgen.benchmark.shell import TRAIN, check_packages
from spurgen.benchmark.suggest import is_word, suggestion
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.task import Task
from spurgen.harness.results.identity import locate, submission_digest
from spurgen.harness.running.job import Job
from spurgen.harness.sandbox.limits import DEFAULT, Limits
from spurgen.harness.splits.frozen import check_description

TRICKS = f"{BASELINES.rpartition('.')[0]}.submissions.controls"


def baseline_specs(names: Sequence[str] = ()) -> list[str]:
    """Return the specs of the named baselines, or of all; a name that is no baseline is returned as a spec itself.

    `~` in a path is expanded. Raise `SubmissionError`, which suggests similar baselines, for a single word that is
    neither a baseline nor a module.
    """
    known = names_in(BASELINES)
    paths = {name: str(Path(name).expanduser()) if name.endswith(".py") else name for name in names}
    for name in paths:
        if is_word(name) and name not in known and not locate(name, [*map(Path, sys.path), Path.cwd()]):
            raise SubmissionError(f"there is no baseline {name!r}, nor a module here; {suggestion(name, known)}")
    return [f"{BASELINES}.{name}:submission" if name in known else paths[name] for name in (names or known)]


def tricks() -> list[str]:
    """Return the specs of the control rows that know how worlds are drawn."""
    return [
        f"{package}.{name}{attribute}"
        for package, attribute in ((f"{BASELINES}.controls", ":submission"), (TRICKS, ""))
        for name in names_in(package)
    ]


def plan(
    suite: str,
    tasks: Sequence[str],
    specs: Sequence[str],
    seeds: Sequence[int] | None = None,
    *,
    device: str = "cpu",
    options: Mapping[str, Any] | None = None,
    uncorrelated: bool = False,
    limits: Limits = DEFAULT,
) -> list[Job]:
    """Return the jobs on a frozen suite, ordered by seed, then submission, then task.

    `suite` is a name or the path of a suite's file. No `tasks` means the usual ones, and no `seeds` means all that a
    rank requires. Raise `FrozenDataError` if a scenario was edited after it was frozen, and `SpurgenError` for a seed
    whose world is not frozen.
    """
    planner = Planner(suite)
    names = tasks or list(planner.loaded.usual)
    asked = {name: seeds or range(planner.loaded.task(name).units_asked) for name in names}
    return [
        planner.job(name, spec, seed, device=device, options=options or {}, limits=limits, uncorrelated=uncorrelated)
        for seed in sorted({seed for each in asked.values() for seed in each})
        for spec in specs for name in names if seed in asked[name]
    ]  # fmt: skip


class Planner:
    """Plans single jobs on a frozen suite; what they share is computed once."""

    def __init__(self, suite: str) -> None:
        self.suite, self.loaded = suite, load_suite(suite)
        self._data = cache(self._checked_data)
        self._world = cache(partial(check_description, self.loaded))
        self._submission = cache(submission_digest)

    def job(self, task: str, spec: str, seed: int, **more: Any) -> Job:  # noqa: ANN401  # further fields of `Job`
        """Return a job; raise as `plan` does."""
        world = self.loaded.task(task).in_frozen_world(seed)
        submission = self._submission(spec)
        return Job(world, spec, seed, self._data(task), frozen=self.suite, submission_sha256=submission, **more)

    def _checked_data(self, name: str) -> str:
        """Return the digest of a task's frozen data; raise `FrozenDataError` if a description was edited."""
        task = self.loaded.task(name)
        for world in task.worlds:
            self._world(world.name)
        return self.loaded.data_digest(task)


def plan_tuning(
    suite: str,
    tasks: Sequence[str],
    specs: Sequence[str],
    seeds: Sequence[int],
    device: str,
    options: Mapping[str, Any],
) -> list[Job]:
    """Return the jobs that tune submissions; where seeds name worlds, none of these is frozen.

    Raise `SpurgenError` for a frozen world: a method may not be tuned where it is ranked.
    """
    planner = Planner(suite)
    chosen = [planner.loaded.task(name) for name in tasks]
    for task in chosen:
        if min(seeds) < task.scenario.worlds > 1:
            raise SpurgenError(f"task {task.name}: world {min(seeds)} is frozen; tune on others, such as 100")
    return [
        plan_unfrozen(task, spec, seed, device, options)
        if task.scenario.worlds > 1
        else planner.job(task.name, spec, seed, device=device, options=options)
        for seed in seeds for spec in specs for task in chosen
    ]  # fmt: skip


def plan_again(suite: str, results: Sequence[Result], *, device: str = "cpu", limits: Limits = DEFAULT) -> list[Job]:
    """Return the job that would make each of a suite's results now; raise `FrozenDataError` as `plan` does."""
    planner = Planner(suite)
    return [
        planner.job(
            result.task, result.spec, result.seed, device=device, options=result.options, limits=limits,
            uncorrelated=result.uncorrelated, matched=result.matched, draw=result.draw,
        )
        for result in results
    ]  # fmt: skip


def plan_unfrozen(task: Task, spec: str, seed: int, device: str, options: Mapping[str, Any]) -> Job:
    """Return a job on any scenario, frozen or not, whose data are identified by the digest of its description.

    For a template, the job is on the world of its seed, and the digest is that of the template.
    """
    return Job(task.in_world(seed), spec, seed, task.scenario.digest, device, dict(options))


def offered(jobs: Sequence[Job]) -> tuple[list[Job], list[str]]:
    """Return the jobs whose submission takes the task's modality, and messages on what is skipped.

    Raise `SubmissionError` if a submission cannot be loaded, before any job runs or a row exists.
    """
    from spurgen.harness.sandbox.process import describe  # imported late: slow to import

    about = {
        spec: describe(spec, {}, job.limits, job.device)
        for spec, job in {job.spec: job for job in jobs}.items()
        if not is_baseline(spec)  # baselines take every modality: a contract test checks it
    }
    if any(not {"predict", "predict_proba"} & {*each.offers} for each in about.values()):
        check_packages(["sklearn"], "a linear probe", "train")
    modalities = {spec: each.modalities for spec, each in about.items()}
    accepted, left_out = [], dict[tuple[str, str], dict[str, None]]()
    for job in jobs:
        if job.task.modality in modalities.get(job.spec, [job.task.modality]):
            accepted.append(job)
        else:
            left_out.setdefault((job.spec, job.task.modality), {})[job.task.name] = None
    skipped = []
    for (spec, modality), names in left_out.items():
        tasks = f"{next(iter(names))}, which is" if len(names) == 1 else f"{len(names)} tasks that are"
        skipped.append(f"skipped {tasks} {modality}: {spec} takes {', '.join(modalities[spec])}")
    if not accepted:
        raise SpurgenError("there is nothing to run: " + "; ".join(skipped))
    return accepted, skipped


def check_backbones(jobs: Iterable[Job]) -> None:
    """Raise `PackageError` if a baseline needs packages or pretrained weights that are not installed."""
    ours = [job.task for job in jobs if is_baseline(job.spec)]
    if ours:
        check_packages(TRAIN, "a baseline", "train")
    for modality in {task.modality for task in ours if task.backbone != "scratch"}:
        for half in sorted(CARRIERS_OF[modality]):
            ENCODERS[half].check_installed()
