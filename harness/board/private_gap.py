"""Results of rows on private splits, and which rows are worse there than chance explains."""

from collections.abc import Collection, Mapping

import numpy as np

from spurgen.benchmark.result import Result
from spurgen.benchmark.task import Task
from spurgen.harness.board.by_unit import RANKED_BY, group_sizes
from spurgen.harness.board.schema import PrivateGap
from spurgen.harness.machine.printing import p_equals
from spurgen.harness.metrics import GroupCounts, agree_and_mislead
from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.results.contradiction import ROUNDING
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.estimate import ALPHA, holm_beside
from spurgen.harness.statistics.robust_gap import Sampling, robust_gap
from spurgen.harness.statistics.units import SeedSpread, mean_deviation


def private_gap(
    task: Task, label: str, public: TaskRow, private: TaskRow | None, spread: SeedSpread | None
) -> PrivateGap | str | None:
    """Compare a row with its results on private splits, over the seeds that both have; None if there are none.

    Return why the results cannot be compared if one failed, or does not follow from its counts.

    Only results of the same submission with the same options and access count. `spread`: the task's pooled spread of
    robust accuracy over trainings. It applies to both sides of the gap. Averaging over worlds reduces it; averaging
    over seeds of one world does not, since new train data shift all seeds of a side alike. For the same reason the
    bootstrap draws separate samples for each world, but shared ones for seeds. A row's own spread is ignored: one
    deliberately bad seed would protect it.
    """
    same = [result for result in (private.results if private else ()) if _model(result) == _model(public.results[0])]
    if any(result.error is not None for result in same):
        return "failed on the private splits"
    hidden = {result.seed: result for result in same if result.access == public.results[0].access}
    pairs = [(result, hidden[result.seed]) for result in public.results if result.seed in hidden]
    if not pairs:
        return None
    sizes, classes = group_sizes(task), task.scenario.num_classes
    if not all(_is_consistent(result, sizes, classes) for _, result in pairs):
        return "its metrics on the private splits do not follow from its counts; score it there again"
    worlds = task.scenario.worlds > 1
    deviation = np.sqrt(2) * mean_deviation(len(pairs) if worlds else 1, spread)
    correct = np.array([[result.groups for result in pair] for pair in pairs])
    gap = robust_gap(correct[:, 0], correct[:, 1], Sampling(sizes, classes, worlds), deviation, task.name, label)
    robust = np.mean([_of_counts(result, sizes, classes)[RANKED_BY] for _, result in pairs])
    return PrivateGap(len(pairs), float(robust), gap.value, gap.interval, gap.p)


def worse_in_private(gaps: Mapping[str, PrivateGap | str | None], baselines: Collection[str]) -> dict[str, str]:
    """Return, by label, why rows are not ranked: they failed on private splits, or are significantly worse there.

    They are compared by robust accuracy, which ranks rows. Tests are one-sided, and Holm-corrected over the baselines
    that have a gap and the row itself.
    """
    failures = {label: gap for label, gap in gaps.items() if isinstance(gap, str)}
    measured = {label: gap for label, gap in gaps.items() if isinstance(gap, PrivateGap)}
    corrected = holm_beside({label: gap.p for label, gap in measured.items()}, baselines)
    return failures | {
        label: f"its accuracy if misled is {gap.robust_accuracy:.3f} on private splits, significantly lower "
        f"({p_equals(p)}) than on test, where it is {gap.robust_accuracy + gap.gap:.3f}"
        for label, gap in measured.items()
        if (p := corrected[label]) is not None and p < ALPHA
    }


def _is_consistent(result: Result, sizes: Int64, classes: int) -> bool:
    """Return whether a result's counts are possible, and its metrics those of its counts; `sizes`: int64 (G,)."""
    correct = np.array(result.groups)
    if correct.shape != sizes.shape or (correct > sizes).any():
        return False
    expected = _of_counts(result, sizes, classes)
    return all(abs(result.metrics.get(name, np.inf) - value) <= ROUNDING for name, value in expected.items())


def _of_counts(result: Result, sizes: Int64, classes: int) -> dict[str, float]:
    """Return the metrics that follow from a result's correct predictions by group; `sizes`: int64 (G,)."""
    counts = GroupCounts(np.array(result.groups), sizes)
    return {
        "accuracy": float(counts.correct.sum() / sizes.sum()),
        "wga": counts.worst,
        RANKED_BY: float(agree_and_mislead(counts.accuracies, classes).min()),
    }


def _model(result: Result) -> tuple[str, Mapping[str, object]]:
    """Return what identifies the model of a result."""
    return result.submission_sha256, result.options
