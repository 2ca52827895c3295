"""Every metric equals its closed form on predictors planted on a balanced factor table."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

from spurgen.benchmark.errors import MetricError
from spurgen.harness import metrics

V = K = 5
CHANNELS = ("background", "color", "shape")
WEIGHTS = [0.0, 0.2, 0.4, 0.6, 1.0]


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


@pytest.fixture(scope="module")
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


def test_table_is_balanced(world):
    assert set(np.bincount(world.group_ids)) == {20}
    assert len(np.bincount(world.group_ids)) == 40


@pytest.mark.parametrize("weight", WEIGHTS)
def test_sss_of_mixture(world, weight):
    # |difference| is `weight` where exactly one of shown and own value is aligned: for V - 1 of V values
    # on the aligned half of the samples, for 1 of V on the other: weight (1/2 (V - 1)/V + 1/2 1/V).
    mixture = world.mixture(weight)
    base = world.base(mixture)
    expected = [0, weight / 2, 0]
    for index in range(3):
        twins = world.twins(mixture, index)
        assert metrics.spurious_sensitivity(base, twins, world.labels) == pytest.approx(expected[index], abs=1e-12)
    # on the aligned half alone: weight (V - 1)/V
    half = world.values[:, 1] == world.aligned[1, world.labels]
    each = metrics.spurious_sensitivities(base, world.twins(mixture, 1), world.labels)
    assert each[half] == pytest.approx(weight * (V - 1) / V)
    assert each[~half] == pytest.approx(weight / V)


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("eps", [0.01, 0.3])
def test_ig_of_mixture(world, weight, eps):
    # p[y] = 1 with the channel aligned and 1 - weight without, mixed with eps uniform. Uniformly drawn,
    # the channel is aligned 1 time in V: IG = (1 - 1/V) (log p_without - log p_aligned), below 0.
    def log_scores(probs):
        return np.log((1 - eps) * probs + eps / K)

    mixture = world.mixture(weight)
    ctrl, unc = log_scores(world.ctrl(mixture)), log_scores(world.unc(mixture))
    without, aligned = (1 - eps) * (1 - weight) + eps / K, 1 - eps + eps / K
    expected = (1 - 1 / V) * np.log(without / aligned)
    assert metrics.invariance_gap(ctrl, unc, world.labels) == pytest.approx(expected, abs=1e-12)
    assert metrics.invariance_gap(2 * ctrl, 2 * unc, world.labels, temperature=2.0) == pytest.approx(
        expected, abs=1e-12
    )
    assert (expected < 0) == (weight > 0)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_accuracies_of_mixture(world, weight):
    # argmax is the core below one half, the channel above
    base, reads_channel = world.base(world.mixture(weight)), weight > 0.5
    groups = metrics.group_accuracies(base, world.labels, world.group_ids, 40)
    color_misleads = np.arange(40) // 2 % 2 == 1
    assert groups.tolist() == [float(not (reads_channel and misleads)) for misleads in color_misleads]
    assert metrics.worst_group_accuracy(base, world.labels, world.group_ids) == 1 - reads_channel
    assert metrics.accuracy(base, world.labels) == (0.5 if reads_channel else 1)
    assert metrics.class_accuracy(base.argmax(axis=1), world.labels, K) == (0.5 if reads_channel else 1)
    assert metrics.agree_and_mislead(groups, K).tolist() == [1, 1 - reads_channel]


def follows(world, predictor):
    """Return how often answers follow each channel."""
    rates = []
    for index in range(3):
        answers = world.twins(predictor, index).argmax(axis=2)
        shown = np.tile(np.arange(V), len(answers))
        aligned = world.aligned_classes(index)
        rates.append(metrics.follow_rate(answers.ravel(), world.labels.repeat(V), shown, aligned))
    return rates


def uses_thing(world, predictor):
    base, twins = (each.argmax(axis=1) for each in (world.base(predictor), world.core_twins(predictor)))
    return metrics.thing_use(base, twins, world.labels, world.other_class())


@pytest.mark.parametrize("weight", WEIGHTS)
def test_a_mixture_follows_what_its_larger_part_reads(world, weight):
    # a reader of one channel answers the rival of another by chance: where its own channel misleads, 1 time in K - 1
    mixture, chance = world.mixture(weight), 1 / 2 / (K - 1)
    assert follows(world, mixture) == pytest.approx([chance, 1, chance] if weight > 0.5 else [0, 0, 0])
    assert uses_thing(world, mixture) == (weight < 0.5)


def test_a_constant_follows_by_chance_and_does_not_use_the_thing(world):
    def constant(labels, values):
        del values
        return np.eye(K)[np.full(len(labels), 2)]

    assert follows(world, constant) == pytest.approx([1 / K] * 3)
    assert uses_thing(world, constant) == 0
    groups = metrics.group_accuracies(world.base(constant), world.labels, world.group_ids, 40)
    assert metrics.agree_and_mislead(groups, K) == pytest.approx([1 / K, 1 / K])
    for index in range(3):
        assert metrics.spurious_sensitivity(world.base(constant), world.twins(constant, index), world.labels) == 0


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_a_reader_of_a_channel_in_a_known_share_of_samples(world, share):
    def patchy(labels, values):
        core = np.arange(len(labels))[:, None] % 4 >= 4 * share
        return np.where(core, world.core(labels, values), world.channel(2)(labels, values))

    assert follows(world, patchy)[2] == pytest.approx(share)
    assert uses_thing(world, patchy) == pytest.approx(1 - share)
    sss = metrics.spurious_sensitivity(world.base(patchy), world.twins(patchy, 2), world.labels)
    assert sss == pytest.approx(share / 2)
    assert metrics.accuracy(world.base(patchy), world.labels) == pytest.approx(1 - share / 2)


def test_values_of_no_class_and_of_ones_own_do_not_count_and_those_of_several_follow_to_any():
    # 3 values, 4 classes: value 0 goes with classes 0 and 1, value 1 with 2, value 2 with none
    aligned = np.array([[True, True, False, False], [False, False, True, False], [False] * 4])
    labels, values = np.array([0, 2, 2, 3, 3]), np.array([0, 0, 2, 0, 1])
    assert metrics.follow_rate(np.array([1, 1, 2, 0, 3]), labels, values, aligned) == pytest.approx(2 / 3)
    assert metrics.follow_rate(np.array([1, 1, 2, 0, 2]), labels, values, aligned) == 1
    with pytest.raises(MetricError, match="values: found no value that goes with another class than its sample's"):
        metrics.follow_rate(labels[:1], labels[:1], values[:1], aligned)


def test_group_counts_and_accuracies():
    scores, labels = np.eye(3)[[0, 1, 2, 0, 1]], np.array([0, 1, 0, 0, 2])
    counts = metrics.group_counts(scores, labels, np.array([0, 0, 1, 1, 2]))
    assert counts.correct.tolist() == [2, 1, 0]
    assert counts.sizes.tolist() == [2, 2, 1]
    assert metrics.count_groups(np.array([0, 1, 2, 0, 1]) == labels, np.array([0, 0, 1, 1, 2]))[0].tolist() == [2, 1, 0]
    assert metrics.group_accuracies(scores, labels, np.array([0, 0, 1, 1, 2])).tolist() == [1, 0.5, 0]
    assert metrics.worst_group_accuracy(scores[:4], labels[:4], np.array([0, 0, 1, 1])) == 0.5


def test_where_all_shortcuts_agree_and_all_mislead_is_the_first_and_the_last_pattern_averaged_over_classes():
    groups = np.array([0.9, 0.0, 0.3, 0.1, 0.0, 0.3, 0.8, 0.0, 0.3])
    assert metrics.agree_and_mislead(groups, 3) == pytest.approx([0.6, 0.3])
    assert metrics.agree_and_mislead(np.stack([groups, groups[::-1]]), 3)[1] == pytest.approx([0.3, 0.6])
