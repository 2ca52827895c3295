import numpy as np
import pytest

from spurgen.benchmark.scenario import make_scenario
from spurgen.generators import aligned_values
from spurgen.generators.factors import draw_factors
from spurgen.generators.world import make_world
from spurgen.harness.statistics.bayes import bayes_accuracies, label_likelihoods


def world(**fields):
    return make_scenario("test", suite="test", name="w", seed=3, **fields)


def test_two_environments_are_summed_over_as_by_hand():
    # classes 0 and 1 of 2, ten values: Pr(value | its class) is .9 or .5, Pr(it | the other class) a ninth of .1 or .5
    environments = [{"name": "a", "weight": 3}, {"name": "b", "strength": {"color": 0.5}}]
    scenario = world(num_classes=2, channels={"color": {"strength": 0.9}}, environments=environments, label_noise=0.25)
    color = np.flatnonzero(aligned_values(scenario, "color")[:, 1])[:1]
    own, other = 3 * 0.9 + 0.5, (3 * 0.1 + 0.5) / 9
    with_core = label_likelihoods(scenario, np.array([0]), {"color": color})
    np.testing.assert_allclose(with_core, [[0.75 * other, 0.25 * own]])
    np.testing.assert_allclose(label_likelihoods(scenario, None, {"color": color}), [[other, own]])


def test_channels_that_are_left_out_have_no_influence():
    scenario = world(num_classes=3, channels={"color": {}}, label_noise=0.2)
    np.testing.assert_allclose(label_likelihoods(scenario, np.array([2, 0]), {}), [[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]])


@pytest.mark.parametrize("alignment", ["one-to-one", "many-to-many"])
def test_likelihoods_are_the_frequencies_on_train(alignment):
    channels = {
        "color": {"values": 4, "strength": (0.9, 0.6, 0.7), "alignment": alignment},
        "shape": {"values": 3, "strength": 0.8},
    }
    scenario = world(
        num_classes=3, channels=channels, label_noise=0.3,
        environments=[{"name": "a"}, {"name": "b", "strength": {"color": 0.2, "shape": (0.1, 0.5, 0.4)}}],
    )  # fmt: skip
    factors = draw_factors(make_world(scenario), "train", np.arange(400_000))
    combinations = np.arange(3 * 4 * 3)
    core, color, shape = np.unravel_index(combinations, (3, 4, 3))
    likelihoods = label_likelihoods(scenario, core, {"color": color, "shape": shape})
    drawn = np.ravel_multi_index((factors.core, factors.values["color"], factors.values["shape"]), (3, 4, 3))
    counts = np.stack([np.bincount(drawn[factors.labels == k], minlength=len(combinations)) for k in range(3)], axis=1)
    np.testing.assert_allclose(counts / counts.sum(), likelihoods / likelihoods.sum(), atol=0.0015)


def test_channels_alone_fail_where_they_conflict_and_the_core_cue_alone_does_not():
    channels = {"color": {"strength": 0.95}, "shape": {"strength": 0.95}}
    scenario = world(channels=channels, label_noise=0.2, splits={"train": 20000, "test_per_group": 5})
    near = lambda accuracy: pytest.approx(accuracy, abs=0.01)  # noqa: E731
    # where the two channels disagree, either is as likely to be right
    assert bayes_accuracies(scenario, ("color", "shape"), core=False) == (near(0.95), 1, 0, 0)
    assert bayes_accuracies(scenario, (), core=True) == (near(0.8), 1, 1, 1)
    # color: .95 for its class against .05 / 9, core: .8 against .2 / 9; so color outweighs the core cue
    assert bayes_accuracies(scenario, ("color",), core=True) == (near(0.95), 1, 0, 0)


def test_a_core_cue_that_is_not_drawn_has_no_influence():
    scenario = world(core_visibility=0.5, channels={"color": {}}, splits={"train": 2000, "test_per_group": 200})
    np.testing.assert_allclose(label_likelihoods(scenario, np.array([-1]), {}), [[1.0] * 10])
    accuracies = bayes_accuracies(scenario, (), core=True)
    assert accuracies.train == pytest.approx(scenario.ceiling, abs=0.04)
    assert accuracies.conflicting == pytest.approx(scenario.ceiling, abs=0.04)
