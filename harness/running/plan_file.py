"""Planned jobs as a file, one per line, for machines that share only files."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from spurgen.benchmark.errors import SpurgenError, explain
from spurgen.benchmark.reading import open_plain, parse_json
from spurgen.benchmark.shell import spurgen
from spurgen.harness.running.forecast import Forecast
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import Planner
from spurgen.harness.sandbox.limits import DEFAULT, Limits

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


def to_lines(suite: str, forecast: Forecast, memory: dict[tuple[str, str], int]) -> str:
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
