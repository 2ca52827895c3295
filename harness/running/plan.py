"""Plan which jobs to run, foretell how long that takes, and write them to a file for machines that share only files."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from spurgen.baselines.training.encoders import ENCODERS
from spurgen.benchmark.contract import ACCESS, CARRIERS_OF
from spurgen.benchmark.errors import SpurgenError, SubmissionError, explain
from spurgen.benchmark.plugins import BASELINES, TRICKS, is_baseline, names_in
from spurgen.benchmark.reading import open_plain, parse_json
from spurgen.benchmark.result import Result
from spurgen.benchmark.shell import TRAIN, check_packages, spurgen
from spurgen.benchmark.suggest import is_word, suggestion
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.task import Task
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.results.identity import locate, submission_digest
from spurgen.harness.results.rows import Rows
from spurgen.harness.results.store import label_of
from spurgen.harness.running.job import Job, Seeds
from spurgen.harness.sandbox.limits import DEFAULT, Limits
from spurgen.harness.splits.frozen import check_description

if TYPE_CHECKING:
    from spurgen.harness.sandbox.answers import About


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

    A suite without a manifest is for tuning alone. Raise `SpurgenError` for a frozen world: a method may not be tuned
    where it is ranked.
    """
    planner = Planner(suite)
    chosen, frozen = [planner.loaded.task(name) for name in tasks], planner.loaded.manifest_file.exists()
    for task in chosen:
        if frozen and min(seeds) < task.scenario.worlds > 1:
            raise SpurgenError(f"task {task.name}: world {min(seeds)} is frozen; tune on others, such as 100")
    return [
        plan_unfrozen(task, spec, seed, device, options)
        if task.scenario.worlds > 1 or not frozen
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
        if not is_baseline(spec)
    }
    if any(not {"predict", "predict_proba"} & {*each.offers} for each in about.values()):
        check_packages(["sklearn"], "a linear probe", "train")
    accepted, left_out = [], dict[str, dict[str, None]]()
    for job in jobs:
        reason = _refused(job, about.get(job.spec))
        if reason:
            left_out.setdefault(reason, {})[job.task.name] = None
        else:
            accepted.append(job)
    skipped = [
        f"skipped {f'{next(iter(names))}, which is' if len(names) == 1 else f'{len(names)} tasks that are'} {reason}"
        for reason, names in left_out.items()
    ]
    if not accepted:
        raise SpurgenError("there is nothing to run: " + "; ".join(skipped))
    return accepted, skipped


def _refused(job: Job, about: "About | None") -> str:
    """Return why a job's task is nothing for its submission, or nothing; `about`: of a submission that is no baseline.

    Baselines take every modality: a contract test checks it.
    """
    if about and job.task.modality not in about.modalities:
        return f"{job.task.modality}: {job.spec} takes {', '.join(about.modalities)}"
    if job.task.has_twins or about:
        return ""
    from spurgen.harness.worker.loading import load_submission  # imported late: slow to import

    twins = ACCESS[load_submission(job.spec).access].twins
    return f"without twins: {label_of(job.spec, {})} trains on them" if twins else ""


def check_backbones(jobs: Iterable[Job]) -> None:
    """Raise `PackageError` if a baseline needs packages or pretrained weights that are not installed."""
    ours = [job.task for job in jobs if is_baseline(job.spec)]
    if ours:
        check_packages(TRAIN, "a baseline", "train")
    for modality in {task.modality for task in ours if task.backbone != "scratch"}:
        for half in sorted(CARRIERS_OF[modality]):
            ENCODERS[half].check_installed()


J = TypeVar("J")
PLAN_BYTES = 1 << 28


class PlannedJob(BaseModel):
    """A job: its submission, task and seed, its `identity`, and the expected seconds and memory, if known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suite: str
    task: str
    submission: str
    seed: Annotated[int, Field(ge=0)]
    options: dict[str, JsonValue] = {}
    identity: str
    seconds: float | None = None
    memory_bytes: int | None = None


def to_lines(suite: str, forecast: "Forecast", memory: dict[tuple[str, str], int]) -> str:
    """Return the missing jobs of a forecast, by task, as JSON lines; `memory`: peak bytes by label and task."""
    lines = [
        PlannedJob(
            suite=suite, task=job.task.name, submission=job.spec, seed=job.seed, options=dict(job.options),
            identity=job.identity, seconds=forecast.likely_seconds(job),
            memory_bytes=memory.get((job.label, job.task.name)),
        )
        for job in by_task(forecast.missing)
    ]  # fmt: skip
    return "".join(line.model_dump_json() + "\n" for line in lines)


def read_plan(path: Path, index: int, count: int) -> list[PlannedJob]:
    """Read the jobs of one share of a plan; raise `SpurgenError`, which names the line, for an invalid job.

    Other lines are only counted: parsing a plan of a million jobs would take longer than running one share.
    """
    check_share(index, count)
    lines, total = list[bytes](), 0
    with open_plain(path, PLAN_BYTES, "the plan") as file:
        for total, line in enumerate(file, 1):
            if (total - 1) % count == index:
                lines.append(line)
    if not total:
        raise SpurgenError(f"{path} plans no job; write it again by {spurgen('benchmark')} --plan FILE")
    numbers = share(range(1, total + 1), index, count)
    return [_parse(line, f"{path}, line {number}") for number, line in zip(numbers, lines, strict=True)]


def _parse(line: bytes, where: str) -> PlannedJob:
    try:
        return PlannedJob.model_validate(parse_json(line.decode()))
    except ValidationError as error:
        raise SpurgenError(f"{where} is no planned job: {explain(error.errors())}; plan again") from None
    except ValueError as error:
        raise SpurgenError(f"{where} is no JSON: {error}; plan again") from None


def by_task(jobs: Sequence[Job]) -> list[Job]:
    """Return jobs ordered by task, so that all shares have equally many of every task and take equally long."""
    return sorted(jobs, key=lambda job: job.task.name)


def share(jobs: Sequence[J], index: int, count: int) -> list[J]:
    """Return share `index` of `count`: every `count`-th job from `index` on; raise as `check_share` does."""
    check_share(index, count)
    return list(jobs[index::count])


def check_share(index: int, count: int) -> None:
    """Raise `SpurgenError` if there is no such share."""
    if not 0 <= index < count:
        raise SpurgenError(f"--share {index}/{count}: {count} shares have the numbers 0 to {count - 1}")


def to_jobs(planned: Sequence[PlannedJob], device: str, limits: Limits = DEFAULT) -> list[Job]:
    """Return planned jobs as jobs to run; raise `SpurgenError` if code, data or a submission changed since planning."""
    jobs, planner_of = list[Job](), cache(Planner)
    for line in planned:
        job = planner_of(line.suite).job(
            line.task, line.submission, line.seed, device=device, options=line.options, limits=limits
        )
        if job.identity != line.identity:
            raise SpurgenError(
                f"{job.label} on {line.task}, seed {line.seed}, is not the job that was planned: the submission, the "
                "suite or a version of SpurGen is another one; plan again"
            )
        jobs.append(job)
    return jobs


Seconds = Mapping[tuple[str, str], Sequence[float]]
"""Wall times of finished jobs, by submission and task."""
MOST = 4  # most names in a cell of the table


def measured(*stores: Rows) -> dict[tuple[str, str], list[float]]:
    """Return the seconds that stored results took; some earlier results do not record them."""
    seconds: dict[tuple[str, str], list[float]] = {}
    for rows in stores:
        for label, row in rows.items():
            for task, part in row.items():
                times = [result.provenance.total_seconds for result in part.results if result.error is None]
                seconds.setdefault((label, task), []).extend(time for time in times if time)
    return seconds


def _measure() -> str:
    return f"{spurgen('check')} measures a submission"


def duration(seconds: float) -> str:
    """Return a time in words."""
    if seconds < 60:
        return "less than a minute"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


@dataclass(frozen=True)
class Forecast:
    """A command's jobs; those `missing` a result, which run `processes` at a time; and known `seconds`.

    `processes` is None for a plan or a cluster, whose capacity is not known in advance.
    """

    jobs: Sequence[Job]
    missing: Sequence[Job]
    seconds: Seconds
    processes: int | None

    def own_seconds(self, job: Job) -> float | None:
        """Return the mean seconds of the same submission's results on the same task; None if there are none."""
        times = self.seconds.get((label_of(job.spec, {}), job.task.name))
        return float(np.mean(times)) if times else None

    def likely_seconds(self, job: Job) -> float | None:
        """Return `own_seconds`, or if there is none, the mean over all submissions with results on the same task."""
        return self.own_seconds(job) or self._by_task.get(job.task.name)

    @cached_property
    def _by_task(self) -> dict[str, float]:
        means: dict[str, list[float]] = {}
        for (_, task), times in self.seconds.items():
            if times:
                means.setdefault(task, []).append(float(np.mean(times)))
        return {task: float(np.mean(those)) for task, those in means.items()}

    def sentence(self) -> str:
        """Return how many jobs are to run, for how long, and what that estimate rests on."""
        if not self.missing:
            return f"nothing to run: all results are there ({len(self.jobs)})"
        how = f"{self.processes} at a time" if self.processes else "times as if one by one"
        run = f"{len(self.missing)} of {len(self.jobs)} jobs to run, {how}"
        known = [time for time in map(self.likely_seconds, self.missing) if time is not None]
        unknown = len(self.missing) - len(known)
        if not known:
            return f"{run}; their time is unknown: no result on these tasks is stored; {_measure()}"
        those = f" for {len(known)} of them" if unknown else ""
        time = duration(max(sum(known) / (self.processes or 1), *known))
        others = len(known) - sum(self.own_seconds(job) is not None for job in self.missing)
        basis = f"estimated from stored results on the same tasks, {_whose(others, len(known))}"
        rest = f"; the time of the other {unknown} is unknown" if unknown else ""
        return f"{run}: {time}{those}, {basis}{rest}" + (f"; {_measure()}" if others or unknown else "")

    def table(self) -> str:
        """Return the jobs to run as a Markdown table, a line for all submissions with the same tasks and seeds."""
        by_submission: dict[str, list[Job]] = {}
        for job in self.missing:
            by_submission.setdefault(label_of(job.spec, {}), []).append(job)
        alike: dict[str, list[str]] = {}
        for name, jobs in by_submission.items():
            alike.setdefault(_tasks(jobs), []).append(name)
        lines = []
        for tasks, names in alike.items():
            jobs = [job for name in names for job in by_submission[name]]
            known = [time for time in map(self.likely_seconds, jobs) if time is not None]
            time = duration(sum(known)) if len(known) == len(jobs) else "unknown"
            lines.append(
                {"Submission": _some(names), "Jobs": len(jobs), "Tasks (seeds)": tasks, "Time, one by one": time}
            )
        return markdown_table(lines)


def _whose(others: int, known: int) -> str:
    """Return whose results an estimate of `known` jobs rests on, `others` of them on other submissions' results."""
    if not others:
        return "of the same submissions"
    return "of other submissions" if others == known else f"for {others} jobs of other submissions"


def _tasks(jobs: Sequence[Job]) -> str:
    seeds: dict[str, set[int]] = {}
    for job in jobs:
        seeds.setdefault(job.task.name, set()).add(job.seed)
    alike: dict[str, list[str]] = {}
    for task, those in seeds.items():
        alike.setdefault(str(Seeds(sorted(those))), []).append(task)
    return "; ".join(f"{_some(tasks)} ({those})" for those, tasks in alike.items())


def _some(names: Sequence[str]) -> str:
    """Return names, separated by commas; of more than `MOST`, only the first."""
    return ", ".join(names if len(names) <= MOST else [*names[: MOST - 1], f"{len(names) - MOST + 1} more"])
