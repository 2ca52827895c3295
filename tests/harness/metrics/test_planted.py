"""Every metric equals its closed form on predictors planted on the factor table."""

import numpy as np
import pytest

from spurgen.harness import metrics

V = K = 5
WEIGHTS = [0.0, 0.2, 0.4, 0.6, 1.0]


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
def test_core_sensitivity_and_placebo_of_mixture(world, weight):
    mixture = world.mixture(weight)
    base = world.base(mixture)  # the core's share of p[y], 1 - weight, goes; the channel's stays
    assert metrics.core_sensitivity(base, world.core_twins(mixture), world.labels) == pytest.approx(1 - weight)
    assert metrics.placebo_sensitivity(base, base, world.labels) == 0


@pytest.mark.parametrize("weight", WEIGHTS)
def test_core_use_of_mixture(world, weight):
    # the core's share, 1 - weight, moves from the old class to the new one; the channel's stays
    mixture = world.mixture(weight)
    base, twins, other = world.base(mixture), world.core_twins(mixture), world.other_class()
    assert metrics.core_use(base, twins, world.labels, other) == pytest.approx(1 - weight)
    assert metrics.core_use(base, base, world.labels, other) == 0
    # who predicts the class before the one shown loses where the new class is next to the old one
    backwards = np.roll(np.eye(K), -1, axis=1)
    uses = metrics.core_uses(backwards[world.labels], backwards[other], world.labels, other)
    steps = (other - world.labels) % K
    assert uses.tolist() == np.where((steps == 1) | (steps == K - 1), -0.5, 0).tolist()


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
def test_wga_flips_and_cra_of_mixture(world, weight):
    # argmax is the core below one half, the channel above
    mixture = world.mixture(weight)
    base = world.base(mixture)
    twins = {channel: world.twins(mixture, index) for index, channel in enumerate(("background", "color", "shape"))}
    follows_channel = weight > 0.5
    groups = metrics.group_accuracies(base, world.labels, world.group_ids, 40)
    color_conflicts = np.arange(40) // 2 % 2 == 1
    assert groups.tolist() == [float(not (follows_channel and conflict)) for conflict in color_conflicts]
    assert metrics.worst_group_accuracy(base, world.labels, world.group_ids) == 1 - follows_channel
    assert metrics.accuracy(base, world.labels) == (0.5 if follows_channel else 1)
    assert metrics.flip_rate(base, twins["color"]) == pytest.approx((V - 1) / V if follows_channel else 0)
    assert metrics.flip_rate(base, twins["shape"]) == 0
    assert metrics.counterfactual_robust_accuracy(base, twins, world.labels) == 1 - follows_channel


def test_cra_counts_samples_that_are_correct_on_base_and_all_twins(world):
    # core on every fourth sample, the channel elsewhere
    def patchy(labels, values):
        core = np.arange(len(labels))[:, None] % 4 == 0
        return np.where(core, world.core(labels, values), world.channel(2)(labels, values))

    twins = {"background": world.twins(patchy, 0), "shape": world.twins(patchy, 2)}
    assert metrics.counterfactual_robust_accuracy(world.base(patchy), twins, world.labels) == 0.25
    del twins["shape"]  # where no twin moves, correct on the base is enough: 1/4 + 3/4 1/2
    assert metrics.counterfactual_robust_accuracy(world.base(patchy), twins, world.labels) == 0.625


def test_cra_requires_the_base_to_be_correct():
    base, twins = np.array([[0.0, 1.0]]), np.array([[[1.0, 0.0]]])
    assert metrics.counterfactual_robust_accuracy(base, {"color": twins}, np.array([0])) == 0


@pytest.mark.parametrize("weight", WEIGHTS)
def test_pull_of_mixture(world, weight):
    # the class that the value is aligned with receives `weight` when it is shown, and weight / V on average
    twins = world.twins(world.mixture(weight), 1)
    assert metrics.signed_pull(twins, world.aligned_classes(1)) == pytest.approx(weight * (1 - 1 / V), abs=1e-12)
    assert metrics.signed_pull(world.twins(world.mixture(weight), 0), world.aligned_classes(0)) == pytest.approx(
        0, abs=1e-12
    )


@pytest.mark.parametrize("weight", WEIGHTS)
def test_reliance_of_mixture_is_its_weight(world, weight):
    mixture = world.mixture(weight)
    for channel, expected in enumerate((0, weight, 0)):
        reliance = metrics.reliance(world.twins(mixture, channel), world.aligned_classes(channel))
        assert reliance == pytest.approx(expected, abs=1e-12)


def total_reliance(world, predictor):
    channels = range(3)
    return sum(metrics.reliance(world.twins(predictor, c), world.aligned_classes(c)) for c in channels)


@pytest.mark.parametrize("weights", [(1, 0, 0), (1 / 3, 1 / 3, 1 / 3), (0.5, 0, 0), (0.2, 0.3, 0.1)])
def test_total_reliance_of_a_mixture_is_the_weight_of_all_its_channels(world, weights):
    """The largest reliance is .333 for a reader of three channels that never sees the core, .5 for half a core."""

    def mixture(labels, values):
        read = sum(w * world.channel(c)(labels, values) for c, w in enumerate(weights))
        return (1 - sum(weights)) * world.core(labels, values) + read

    assert total_reliance(world, mixture) == pytest.approx(sum(weights))


def test_total_reliance_is_above_1_for_a_majority_vote_and_up_to_the_number_of_channels():
    classes, aligned = 10, np.eye(10, dtype=bool)

    def majority(values):
        votes = (values[..., None] == np.arange(classes)).sum(axis=1)
        winners = votes == votes.max(axis=1, keepdims=True)
        return winners / winners.sum(axis=1, keepdims=True)

    def odd_one_out(values):
        return np.eye(classes)[values.max(axis=1)]  # where the other channels show class 0

    def total(predict, base):
        def with_value(channel, value):
            twins = base.copy()
            twins[:, channel] = value
            return predict(twins)

        twins = [np.stack([with_value(c, v) for v in range(classes)], axis=1) for c in range(3)]
        return sum(metrics.reliance(each, aligned) for each in twins)

    every = np.indices((classes,) * 3).reshape(3, -1).T  # all combinations of values, equally often
    assert total(majority, every) == pytest.approx(1.1)
    assert total(odd_one_out, np.zeros((1, 3), int)) == pytest.approx(3)


def test_reliance_of_a_channel_that_repels():
    # the class of the value shown gets nothing, the others 1/4 each: 0 shown, 1/5 on average, where the oracle has 4/5
    repelled = (1 - np.eye(K)) / (K - 1)
    assert metrics.reliance(repelled[None], np.eye(K, dtype=bool)) == pytest.approx(-1 / (K - 1))
    # with two values a class and three in all, 0 for the two that go with a class is 2/3 below its average
    two = ~np.eye(3, dtype=bool)
    assert metrics.reliance(np.eye(3)[None], two) == pytest.approx(-2)
    # with two values, that is the mirror image of the oracle
    assert metrics.reliance(np.eye(2)[None, ::-1], np.eye(2, dtype=bool)) == pytest.approx(-1)


@pytest.mark.parametrize(
    "aligned",
    [
        np.eye(4, 2, dtype=bool), np.eye(2, 4, dtype=bool), np.arange(6) % 3 == np.arange(3)[:, None],
        np.eye(5, dtype=bool) | np.roll(np.eye(5, dtype=bool), 1, axis=0),
    ],
    ids=["values of no class", "classes of no value", "shared values", "two values a class"],
)  # fmt: skip
def test_reliance_of_the_channels_oracle_is_one(aligned):
    oracle = metrics.channel_oracle(aligned)
    assert (oracle > 0).tolist() == np.where(aligned.any(axis=1, keepdims=True), aligned, True).tolist()
    assert metrics.reliance(oracle[None], aligned) == pytest.approx(1)
    assert metrics.reliance((0.3 * oracle + 0.7 / aligned.shape[1])[None], aligned) == pytest.approx(0.3)


def test_pull_with_more_values_than_classes():
    # 4 values, 2 classes; values 2 and 3 are aligned with no class and the channel oracle predicts 1/2 there:
    # an aligned value draws 1 where the average over values is (1 + 0 + 1/2 + 1/2)/4 = 1/2
    twins = np.array([[[1, 0], [0, 1], [0.5, 0.5], [0.5, 0.5]]])
    aligned_classes = np.array([[True, False], [False, True], [False, False], [False, False]])
    assert metrics.signed_pull(twins, aligned_classes) == pytest.approx(0.5)
    assert metrics.signed_pull(twins[:, [1, 0, 2, 3]], aligned_classes) == pytest.approx(-0.5)


def test_pull_with_many_classes_per_value():
    # 2 values, 4 classes, two per value: the probability of both counts, 1 when shown and 1/2 on average
    twins = np.array([[[0.7, 0.3, 0, 0], [0, 0, 0.1, 0.9]]])
    aligned_classes = np.array([[True, True, False, False], [False, False, True, True]])
    assert metrics.signed_pull(twins, aligned_classes) == pytest.approx(0.5)


def test_group_counts_and_accuracies():
    scores, labels = np.eye(3)[[0, 1, 2, 0, 1]], np.array([0, 1, 0, 0, 2])
    counts = metrics.group_counts(scores, labels, np.array([0, 0, 1, 1, 2]))
    assert counts.correct.tolist() == [2, 1, 0]
    assert counts.sizes.tolist() == [2, 2, 1]
    assert metrics.count_groups(np.array([0, 1, 2, 0, 1]) == labels, np.array([0, 0, 1, 1, 2]))[0].tolist() == [2, 1, 0]
    assert metrics.group_accuracies(scores, labels, np.array([0, 0, 1, 1, 2])).tolist() == [1, 0.5, 0]
    assert metrics.worst_group_accuracy(scores[:4], labels[:4], np.array([0, 0, 1, 1])) == 0.5


def test_robust_accuracy_is_the_worst_pattern_averaged_over_classes():
    # three classes with two patterns each: the worst group is of the pattern that is better on average
    groups = np.array([0.9, 0.3, 0.1, 0.3, 0.8, 0.3])
    assert metrics.pattern_accuracies(groups, 3) == pytest.approx([0.6, 0.3])
    assert metrics.robust_accuracy(groups, 3) == pytest.approx(0.3)
