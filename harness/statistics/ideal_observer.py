"""The ideal observer: the probability of each label given what a sample shows, under the law of the training data.

It weighs all evidence exactly as it occurs in training: it sums over environments, label noise, withheld values and all
that a sample does not show. It sees factors, not pixels: two values that are hard to tell apart are different to it,
and it does not use how strongly a value shows, nor anything that only finitely many training samples suggest.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from spurgen.benchmark.scenario import Scenario
from spurgen.generators.evidence import UNSEEN, Evidence
from spurgen.generators.world import make_world
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.statistics.training_law import TrainingLaw, training_law

CELLS = 4_000_000  # of the largest array


@dataclass(frozen=True)
class IdealObserver:
    """The ideal observer of a scenario's training data."""

    scenario: Scenario
    law: TrainingLaw

    def probabilities(self, shown: Evidence) -> Float64:
        """Return Pr(label | what is shown), float64 (n, K); uniform where training never shows it."""
        likelihoods = self.likelihoods(shown)
        totals = likelihoods.sum(axis=1, keepdims=True)
        probabilities = np.full_like(likelihoods, 1 / likelihoods.shape[1])
        np.divide(likelihoods, totals, out=probabilities, where=totals > 0)
        return probabilities

    def likelihoods(self, shown: Evidence) -> Float64:
        """Return Pr(label, what is shown), float64 (n, K): zeros where training never shows it."""
        environments, count = self.law.joint.shape[:2]
        step = max(CELLS // (environments * count**2), 1)
        parts = [self._of(shown.take(slice(start, start + step))) for start in range(0, len(shown), step)]
        return np.concatenate(parts)

    def _of(self, shown: Evidence) -> Float64:
        cores = self._core_likelihoods(shown).T
        joined = enumerate(self.law.joined)
        patterns = sum(((shown.values[name] != UNSEEN) << k for k, name in joined), np.zeros(len(shown), np.int64))
        followed = np.empty((*self.law.joint.shape[:2], len(shown)))  # Pr(environment, class followed, what is shown)
        for pattern in np.unique(patterns):
            rows = np.flatnonzero(patterns == pattern)
            followed[..., rows] = (self._joint(shown, rows, int(pattern)) * cores[:, rows]).sum(axis=2)
        for name, given in self.law.given.items():
            column = shown.values[name]
            followed *= np.where(column == UNSEEN, 1, given.transpose(0, 2, 1)[:, :, column])
        likelihoods: Float64 = followed.sum(axis=0).T @ self.law.recorded
        return likelihoods

    def _joint(self, shown: Evidence, rows: Int64, pattern: int) -> Float64:
        """Return Pr(environment, class followed, class shown, joined values): float64 (E, K, K, rows or 1).

        Bit k of `pattern` is set where the rows show joined channel k.
        """
        joined = self.law.joined
        table: Float64 = self.law.joint.sum(axis=tuple(3 + k for k in range(len(joined)) if not pattern >> k & 1))
        cells = tuple(shown.values[name][rows] for k, name in enumerate(joined) if pattern >> k & 1)
        by_value = np.moveaxis(table, (0, 1, 2), (-3, -2, -1))
        return np.moveaxis(by_value[cells], 0, -1) if cells else table[..., None]

    def _core_likelihoods(self, shown: Evidence) -> Float64:
        """Return Pr(core cue that is shown | class shown), float64 (n, K)."""
        unseen = (shown.core == UNSEEN)[:, None]
        likelihoods: Float64 = (unseen | (shown.core[:, None] == np.arange(self.scenario.num_classes))).astype(float)
        return likelihoods


@lru_cache(maxsize=8)
def ideal_observer(scenario: Scenario) -> IdealObserver:
    """Return the ideal observer of a scenario's training data; raise `ScenarioError` as `training_law` does."""
    return IdealObserver(scenario, training_law(make_world(scenario)))
