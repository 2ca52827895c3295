"""The Bayes predictor: how probable each label is given what a scene shows, by the training distribution."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.scenario_tables import ALIGNED_PER_CLASS, Environment, Strength
from spurgen.generators import aligned_values
from spurgen.generators.factors import draw_factors, patterns
from spurgen.generators.world import World, make_world
from spurgen.harness.metrics import correct, group_counts
from spurgen.harness.metrics.arrays import Float64, Int64


class BayesAccuracies(NamedTuple):
    """Accuracies of the Bayes predictor on train, and on test: all channels aligned, all conflicting, worst group."""

    train: float
    aligned: float
    conflicting: float
    wga: float


def label_likelihoods(scenario: Scenario, core: Int64 | None, values: Mapping[str, Int64]) -> Float64:
    """Return Pr(label, what is shown) up to a factor for each sample, summed over environments: float64 (n, K).

    `core`: the classes shown, int64 (n,), -1 where the core cue is not drawn, or None to ignore it. `values`: the
    values of the channels that count, int64 (n,) each. Combinations that a scenario withholds count as if it did not.
    """
    labels = np.arange(scenario.num_classes)
    core_likelihood: Float64 = np.ones((1, len(labels)))
    if core is not None:
        wrong = scenario.label_noise / (len(labels) - 1)
        noisy = np.where(core[:, None] == labels, 1 - scenario.label_noise, wrong)
        core_likelihood = np.where(core[:, None] < 0, 1.0, noisy)
    total: Float64 = np.zeros(1)
    for environment in scenario.environments or (Environment(name="all"),):
        joint: Float64 = np.array(environment.weight)
        for name, column in values.items():
            strength = environment.strength.get(name, scenario.channels[name].strength)
            joint = joint * _value_given_label(scenario, name, strength)[column]
        total = total + joint
    return core_likelihood * total


def _value_given_label(scenario: Scenario, name: str, strength: Strength) -> Float64:
    """Return Pr(value | label) of a channel: float64 (V, K)."""
    aligned, count = aligned_values(scenario, name), ALIGNED_PER_CLASS[scenario.channels[name].alignment]
    probability = np.broadcast_to(np.asarray(strength, dtype=float), scenario.num_classes)
    return np.where(aligned, probability / count, (1 - probability) / (len(aligned) - count))


def bayes_accuracies(scenario: Scenario, channels: tuple[str, ...], *, core: bool) -> BayesAccuracies:
    """Return how often the most probable label is right, given `channels` and, if `core`, the class shown.

    Of equally probable labels the first is predicted. Channels count even where a caption leaves them out.
    """
    world = make_world(scenario)
    likelihoods, labels, _ = _on_split(world, "train", channels, core)
    train = correct(likelihoods, labels).mean()
    likelihoods, labels, values = _on_split(world, "test", channels, core)
    count = 2 ** len(channels)
    groups = labels * count + patterns(world, labels, values, channels)
    counts = group_counts(likelihoods, labels, groups, scenario.num_classes * count)
    by_pattern = counts.accuracies.reshape(scenario.num_classes, -1).mean(axis=0)
    return BayesAccuracies(float(train), float(by_pattern[0]), float(by_pattern[-1]), counts.worst)


def _on_split(
    world: World, split: str, channels: tuple[str, ...], core: bool
) -> tuple[Float64, Int64, dict[str, Int64]]:
    """Return a split's likelihoods, labels and channel values."""
    factors = draw_factors(world, split, np.arange(world.scenario.split_size(split)))
    values = {name: factors.values[name] for name in channels}
    shown = np.where(factors.visible, factors.core, -1) if core else None
    return label_likelihoods(world.scenario, shown, values), factors.labels, values
