"""A balanced factor table, and predictors on it whose metrics are known in closed form."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

K = 5
CHANNELS = ("background", "color", "shape")


@dataclass(frozen=True)
class World:
    """A test split: every label x alignment pattern, with conflicting values equally often.

    `values`, `aligned`, `labels`: int64 (m, C), (C, K) and (m,). Every channel has K values, one per class.
    """

    labels: np.ndarray
    values: np.ndarray
    group_ids: np.ndarray
    aligned: np.ndarray

    def core(self, labels, values):
        """Put all probability on the class."""
        del values
        return np.eye(K)[labels]

    def channel(self, index):
        """Return a predictor that puts all probability on the class that a channel's value is aligned with."""
        class_of = np.argsort(self.aligned[index])
        return lambda _, values: np.eye(K)[class_of[values[:, index]]]

    def mixture(self, weight, index=1):
        """Return the predictor (1 - weight) core + weight channel."""
        channel = self.channel(index)
        return lambda labels, values: (1 - weight) * self.core(labels, values) + weight * channel(labels, values)

    def base(self, predictor):
        """Return a predictor's probabilities on the base samples, (m, K)."""
        return predictor(self.labels, self.values)

    def twins(self, predictor, index):
        """Return its probabilities under each value of a channel, (m, V, K)."""

        def with_value(value):
            values = self.values.copy()
            values[:, index] = value
            return predictor(self.labels, values)

        return np.stack([with_value(value) for value in range(K)], axis=1)

    def core_twins(self, predictor):
        """Return its probabilities with another class and all else equal, (m, K)."""
        return predictor(self.other_class(), self.values)

    def other_class(self):
        """Return a class other than each sample's own, int64 (m,)."""
        return (self.labels + 1 + np.arange(len(self.labels)) % (K - 1)) % K

    def ctrl(self, predictor):
        """Return its probabilities with every channel aligned, (m, K)."""
        return predictor(self.labels, self.aligned[:, self.labels].T)

    def unc(self, predictor):
        """Return its probabilities with every channel uniform over its values within each class, (m, K)."""
        values = np.empty_like(self.values)
        for label in range(K):
            (rows,) = np.nonzero(self.labels == label)
            values[rows] = (np.arange(len(rows))[:, None] + np.arange(len(CHANNELS))) % K
        return predictor(self.labels, values)

    def aligned_classes(self, index):
        """Return which value is aligned with which class, bool (V, K)."""
        return np.arange(K)[:, None] == self.aligned[index]


@pytest.fixture(scope="session")
def world():
    aligned = np.array([[1, 2, 3, 4, 0], [3, 0, 4, 1, 2], [0, 4, 3, 2, 1]])
    rows = []
    # five rounds of K - 1 samples: m per class is a multiple of K, and the K - 1 conflicting values come equally often
    for label, pattern, turn in product(range(K), product((0, 1), repeat=len(CHANNELS)), range(5 * (K - 1))):
        others = [1 + (turn + c) % (K - 1) for c in range(len(CHANNELS))]
        values = (aligned[:, label] + np.multiply(others, pattern)) % K
        rows.append((label, *values, label * 8 + int("".join(map(str, pattern)), 2)))
    table = np.array(rows)
    return World(labels=table[:, 0], values=table[:, 1:4], group_ids=table[:, 4], aligned=aligned)
