"""Which rows may be ranked: those whose results are consistent and complete, and beat chance."""

from collections.abc import Mapping, Sequence
from shlex import quote

import numpy as np

from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.result import UNWRITTEN
from spurgen.benchmark.specs import BASELINES
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.schema import Unranked
from spurgen.harness.machine.printing import failed_check, first_line
from spurgen.harness.results.answered import contradiction
from spurgen.harness.results.identity import is_current_baseline, is_of_our_code
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.results.store import label_of
from spurgen.harness.statistics.samples import AT_CHANCE, better_than_chance


def rankable(suite: Suite, task: Task, rows: Mapping[str, TaskRow]) -> tuple[dict[str, TaskRow], dict[str, Unranked]]:
    """Divide a task's rows, by label, into rows that may be ranked and all others."""
    ranked: dict[str, TaskRow] = {}
    unranked: dict[str, Unranked] = {}
    for label, row in rows.items():
        doubt = _misnamed(label, row) or not_believed(suite, task, row)
        reason = doubt or not_fit(task, row) or _unconfirmed(label, row)
        if doubt:
            access = row.results[0].access
            unranked[label] = Unranked(submission=label, access=access, units=len(row), reason=doubt)
        elif reason:
            unranked[label] = not_ranked(label, row, reason)
        else:
            ranked[label] = row
    return ranked, unranked


def _misnamed(label: str, row: TaskRow) -> str | None:
    """Return the problem if a row is one of our methods under another name, or only has the name of one, else None.

    So a method's name on a board always means that method, and the method appears once.
    """
    result = row.results[0]
    if any(map(is_current_baseline, row.results)) and label != label_of(result.spec, result.options):
        return f"its results are those of the baseline {label_of(result.spec, result.options)}, under another name"
    if not is_baseline_row(row) and label in names_in(BASELINES):
        return (
            f"it has the name of the baseline {label}, but not the results of its current version; rename or rerun it"
        )
    return None


def _unconfirmed(label: str, row: TaskRow) -> str | None:
    """Return the problem if no fresh process ever recomputed a submission's answers, when scored or later, else None.

    A process that has answered every question may have learned from the questions. Our own code is trusted.
    """
    for result in row.results:
        if result.verification in UNWRITTEN:
            return (
                f"its answers were never confirmed by a freshly trained process: an earlier version stored them as "
                f"{result.verification}; score the model itself to rank it"
            )
        again = result.provenance.reproduction
        checks = result.provenance.consistency, again and again.consistency
        workers = {check.worker for check in checks if check}
        if "fresh" not in workers and not is_of_our_code(result):
            return (
                f"its answers were never confirmed by a freshly trained process (asked_again: "
                f"{min(workers, default='unknown')}); run "
                f"spurgen reproduce {quote(label)} --record --device cpu"
            )
    return None


def not_ranked(label: str, row: TaskRow, reason: str) -> Unranked:
    """Return a row that is not ranked although its metrics are believed."""
    metrics = {name: row.mean(name) for name in ("accuracy", "wga")}
    return Unranked(submission=label, access=row.results[0].access, units=len(row), reason=reason, **metrics)


def not_believed(suite: Suite, task: Task, row: TaskRow) -> str | None:
    """Return why a row's metrics cannot be taken for its result on a task, or None."""
    if reason := failure(row):
        return reason
    frozen = suite.data_digest(task)
    for result in row.results:
        if (result.suite, result.task) != (suite.name, task.name):
            return f"scored as {result.task} of suite {result.suite}, which is not this task"
        if result.uncorrelated:
            return "a reference, trained without the correlations"
        if result.data_sha256 != frozen:
            return "scored on other data than this suite's; run it again"
    if len({result.submission_sha256 for result in row.results}) > 1:
        return "its results come from different versions of it; run it again"
    tiers = sorted({result.access for result in row.results})
    if len(tiers) > 1:
        return f"its results disagree on its access: {', '.join(tiers)}; run it again"
    return contradiction(task, row)


def failure(row: TaskRow) -> str | None:
    """Return the first seed with which a row failed, and how, or None."""
    for result in row.results:
        if result.error is not None:
            prefix = f"submission {result.spec}, task {result.task}: "
            return f"failed with seed {result.seed}: {first_line(result.error).removeprefix(prefix)}"
    return None


def not_fit(task: Task, row: TaskRow, seeds: Sequence[int] = ()) -> str | None:
    """Return why a row whose metrics are believed cannot be ranked, or None.

    `seeds`: those that it must have; by default 0, 1 and so on, as many as it has.
    """
    empty = bool(task.of) and not task.counterexamples  # a first-stage model finds nothing on such a rung
    for result in row.results:
        if result.report and result.report.failed_checks and not empty:
            return f"{failed_check(result.report.failed_checks)} (seed {result.seed})"
    if any(result.uses_generator for result in row.results):
        return "uses the generator: it knows how the data were made, which is more than a model can learn from them"
    if row.seeds != sorted(seeds or range(len(row))):
        has, expected = (", ".join(map(str, some)) for some in (row.seeds, sorted(seeds)))
        return f"incomplete: has the seeds {has}, expected {expected or 'all from 0 on'}; run or merge the others"
    return None if beats_chance(task, row) else AT_CHANCE


def beats_chance(task: Task, row: TaskRow) -> bool:
    """Return whether a row's mean test accuracy is significantly above chance.

    On a rung the same scenes are shown twice, with shortcuts that agree and that mislead, so they count once.
    """
    correct = int(np.mean([sum(result.groups) for result in row.results]))
    grouped = task.scenario.layout(task.modality).grouped
    return better_than_chance(correct // len(grouped), task.scenario.parts[grouped[0]], task.num_classes)
