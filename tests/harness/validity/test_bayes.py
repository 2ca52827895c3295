import numpy as np
import pytest

from spurgen.benchmark.scenario import make_scenario
from spurgen.generators import aligned_values
from spurgen.generators.factors import draw_factors
from spurgen.generators.world import make_world
from spurgen.harness.validity._bayes import label_likelihoods, told_by


def world(**fields):
    return make_scenario("test", suite="test", name="w", seed=3, **fields)


def value_of(scenario, name, label):
    return np.flatnonzero(aligned_values(scenario, name)[:, label])[:1]


def test_two_environments_are_summed_over_by_hand():
    # classes 0 and 1 of 2, ten values: Pr(value | its class) is .9 or .5, Pr(it | the other class) a ninth of .1 or .5
    environments = [{"name": "a", "weight": 3}, {"name": "b", "strength": {"color": 0.5}}]
    scenario = world(num_classes=2, channels={"color": {"strength": 0.9}}, environments=environments, label_noise=0.25)
    color = value_of(scenario, "color", 1)
    found = label_likelihoods(scenario, np.array([0]), {"color": color})
    own, other = 3 * 0.9 + 0.5, (3 * 0.1 + 0.5) / 9
    np.testing.assert_allclose(found, [[0.75 * other, 0.25 * own]])
    np.testing.assert_allclose(label_likelihoods(scenario, None, {"color": color}), [[other, own]])


def test_what_is_not_looked_at_counts_for_nothing():
    scenario = world(num_classes=3, channels={"color": {}}, label_noise=0.2)
    np.testing.assert_allclose(label_likelihoods(scenario, np.array([2, 0]), {}), [[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]])


@pytest.mark.parametrize("alignment", ["one-to-one", "many-to-many"])
def test_the_posterior_is_how_often_a_label_comes_with_what_is_shown(alignment):
    channels = {
        "color": {"values": 4, "strength": (0.9, 0.6, 0.7), "alignment": alignment},
        "shape": {"values": 3, "strength": 0.8},
    }
    scenario = world(
        num_classes=3, channels=channels, label_noise=0.3,
        environments=[{"name": "a"}, {"name": "b", "strength": {"color": 0.2, "shape": (0.1, 0.5, 0.4)}}],
    )  # fmt: skip
    factors = draw_factors(make_world(scenario), "train", np.arange(400_000))
    cells = np.arange(3 * 4 * 3)
    core, color, shape = np.unravel_index(cells, (3, 4, 3))
    likelihoods = label_likelihoods(scenario, core, {"color": color, "shape": shape})
    drawn = np.ravel_multi_index((factors.core, factors.values["color"], factors.values["shape"]), (3, 4, 3))
    counts = np.stack([np.bincount(drawn[factors.labels == label], minlength=len(cells)) for label in range(3)], axis=1)
    np.testing.assert_allclose(counts / counts.sum(), likelihoods / likelihoods.sum(), atol=0.0015)


def test_channels_alone_are_fooled_where_they_conflict_and_the_core_cue_alone_is_not():
    channels = {"color": {"strength": 0.95}, "shape": {"strength": 0.95}}
    scenario = world(channels=channels, label_noise=0.2, splits={"train": 20000, "test_per_group": 5})
    fooled, core, both = (
        told_by(scenario, *what) for what in ((("color", "shape"), False), ((), True), (("color",), True))
    )
    assert (fooled["aligned"], fooled["conflicting"], fooled["wga"]) == (1, 0, 0)
    assert (core["aligned"], core["conflicting"], core["wga"]) == (1, 1, 1)
    assert core["train"] == pytest.approx(0.8, abs=0.01)
    assert fooled["train"] == pytest.approx(0.95, abs=0.01)  # where they disagree, either is as likely to be right
    # color: .95 for its class against .05 / 9, core: .8 against .2 / 9; so color wins over the core cue
    assert (both["wga"], both["aligned"], both["train"]) == (0, 1, pytest.approx(0.95, abs=0.01))


def test_a_core_cue_that_is_not_drawn_tells_nothing():
    scenario = world(core_visibility=0.5, channels={"color": {}}, splits={"train": 2000, "test_per_group": 200})
    np.testing.assert_allclose(label_likelihoods(scenario, np.array([-1]), {}), [[1.0] * 10])
    found = told_by(scenario, (), core=True)
    assert found["train"] == pytest.approx(scenario.ceiling, abs=0.04)
    assert found["conflicting"] == pytest.approx(scenario.ceiling, abs=0.04)
