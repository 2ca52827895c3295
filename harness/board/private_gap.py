"""What rows reach on private splits, and which of them fall there by more than chance."""

from collections.abc import Mapping

import numpy as np

from spurgen.benchmark.result import Result
from spurgen.harness.board.bootstrap import TaskBootstrap
from spurgen.harness.board.schema import PrivateFailure, PrivateGap
from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.results.contradiction import ROUNDING
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics import ALPHA, holm
from spurgen.harness.statistics.seed_spread import SeedSpread, mean_deviation
from spurgen.harness.statistics.worst_group_gap import worst_group_gap


def private_gap(
    bootstrap: TaskBootstrap, label: str, public: TaskRow, private: TaskRow | None, spread: SeedSpread | None
) -> PrivateGap | PrivateFailure | None:
    """Compare a row with its results on private splits, over the seeds that both have; None if there are none.

    Only results of the same submission with the same options and access count. `spread`: the task's pooled spread of
    WGA over seeds, which both sides of the gap have.
    """
    same = [result for result in (private.results if private else ()) if _model(result) == _model(public.results[0])]
    failed = [result.error for result in same if result.error is not None]
    if failed:
        return PrivateFailure(failed[0])
    hidden = {result.seed: result for result in same if result.access == public.results[0].access}
    pairs = [(result, hidden[result.seed]) for result in public.results if result.seed in hidden]
    if not pairs:
        return None
    sizes = np.bincount(bootstrap.groups)
    if not all(_is_consistent(result, sizes) for _, result in pairs):
        return PrivateFailure(
            "its metrics do not follow from its counts per group; score it on the private splits again"
        )
    deviation = np.sqrt(2) * mean_deviation(np.array([shown.metrics["wga"] for shown, _ in pairs]), spread)
    correct = np.array([[result.groups for result in pair] for pair in pairs])
    gap = worst_group_gap(correct[:, 0], correct[:, 1], sizes, deviation, bootstrap.task.name, label)
    accuracy, wga = (float(np.mean([result.metrics[name] for _, result in pairs])) for name in ("accuracy", "wga"))
    return PrivateGap(len(pairs), accuracy, wga, gap.value, gap.interval, gap.p)


def _is_consistent(result: Result, sizes: Int64) -> bool:
    """Return whether a result's counts are possible, and its metrics those of its counts; `sizes`: int64 (G,)."""
    correct = np.array(result.groups)
    if correct.shape != sizes.shape or (correct > sizes).any():
        return False
    expected = {"accuracy": correct.sum() / sizes.sum(), "wga": (correct / sizes).min()}
    return all(abs(result.metrics.get(name, np.inf) - value) <= ROUNDING for name, value in expected.items())


def fallen(gaps: Mapping[str, PrivateGap | PrivateFailure | None]) -> dict[str, str]:
    """Return, by label, why rows are not ranked: their WGA on private splits is significantly lower (after Holm)."""
    found = {label: gap for label, gap in gaps.items() if isinstance(gap, PrivateGap)}
    corrected = holm([gap.p for gap in found.values()])
    return {
        label: f"its worst-group accuracy is {gap.wga:.3f} on private splits, {gap.gap:.3f} lower than on test "
        f"(p = {p:.2g}): it knows test samples, or was tuned to them"
        for (label, gap), p in zip(found.items(), corrected, strict=True)
        if p < ALPHA
    }


def _model(result: Result) -> tuple[str, Mapping[str, object]]:
    """Return what two results of the same model have in common."""
    return result.submission_sha256, result.options
