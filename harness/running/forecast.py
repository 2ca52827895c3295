"""What a command is about to run, and how long that takes, estimated from stored results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spurgen.benchmark.shell import spurgen
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.results.rows import Rows
from spurgen.harness.results.store import label_of
from spurgen.harness.running.job import Job, Seeds

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
