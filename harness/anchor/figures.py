"""Figures of the anchor: worst-group accuracy by method, with intervals and tier letters."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from spurgen.harness.anchor.record import AnchorFile, AnchorResult
from spurgen.harness.anchor.worlds import TUNING
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.letters import tier_letters
from spurgen.harness.statistics.standing import References, rank_interval
from spurgen.harness.statistics.units import fit_spread, mean_estimate


class MethodFigures(NamedTuple):
    """A method's figures: `worst` has its worst-group accuracy by world, float64 (W,).

    `ranks`: 1 + the methods that are significantly better, and all methods less those that are significantly worse.
    `letters`: methods that share one do not differ significantly, of all methods and of those of the same access tier.
    """

    access: str
    worst: Float64
    estimate: Estimate
    robust: float
    accuracy: float
    ranks: tuple[int, int]
    letters: str
    tier_letters: str
    failed_checks: tuple[str, ...]


def figures_of(content: AnchorFile) -> dict[str, MethodFigures]:
    """Return every method's figures, best first; a method with a failed training has none."""
    by_method: dict[str, list[AnchorResult]] = {}
    for result in content.results:
        if result.world != TUNING and result.correlated:
            by_method.setdefault(result.method, []).append(result)
    accuracies = {name: by_group(content, results) for name, results in by_method.items() if _complete(results)}
    if not accuracies:
        return {}
    worst = {name: groups.min(axis=1) for name, groups in accuracies.items()}
    known = sorted(worst, key=lambda name: (-worst[name].mean(), name))
    rows = [worst[name] for name in known]
    spread = fit_spread([worst[name] for name in sorted(known)])
    differ, means = References.of(rows, spread).differ(), np.array([row.mean() for row in rows])
    letters = dict(zip(known, tier_letters(differ), strict=True))
    access = {name: by_method[name][0].access for name in known}
    within = _within_tiers(known, access, differ)
    figures, sizes = {}, np.array(content.data.test) / sum(content.data.test)
    for k, name in enumerate(known):
        others, groups = np.arange(len(known)) != k, accuracies[name]
        failed = sorted({check for result in by_method[name] for check in result.failed_checks})
        accuracy = float((groups * sizes).sum(axis=1).mean())
        robust = groups.reshape(len(groups), -1, 2).mean(axis=1).min(axis=1)  # over patterns, classes averaged
        figures[name] = MethodFigures(
            access[name], rows[k], mean_estimate(rows[k], spread), float(robust.mean()), accuracy,
            rank_interval(means[k], means[others], differ[k, others]), letters[name], within[name], tuple(failed),
        )  # fmt: skip
    return figures


def _within_tiers(
    known: list[str], access: Mapping[str, str], differ: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> dict[str, str]:
    """Return the letters of every method among those of its access tier."""
    letters: dict[str, str] = {}
    for tier in set(access.values()):
        members = [k for k, name in enumerate(known) if access[name] == tier]
        within = tier_letters(differ[np.ix_(members, members)])
        letters |= {known[k]: letter for k, letter in zip(members, within, strict=True)}
    return letters


def reference_of(content: AnchorFile) -> Float64 | None:
    """Return the worst-group accuracy of ERM trained on balanced data by world, float64 (W,); None without it."""
    results = [result for result in content.results if not result.correlated]
    return by_group(content, results).min(axis=1) if _complete(results) else None


def by_group(content: AnchorFile, results: list[AnchorResult]) -> Float64:
    """Return accuracies by world and group, float64 (W, G), in the order of the worlds."""
    ordered = sorted(results, key=lambda result: int(result.world))
    accuracies: Float64 = np.array([result.correct for result in ordered]) / np.array(content.data.test)
    return accuracies


def _complete(results: list[AnchorResult]) -> bool:
    return bool(results) and all(result.correct is not None for result in results)
