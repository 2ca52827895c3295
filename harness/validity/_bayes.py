"""How probable each label is, given what a scene shows: train's evidence, weighed exactly as it occurs there."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.scenario import ALIGNED_PER_CLASS, Environment, Scenario, Strength
from spurgen.generators import aligned_values
from spurgen.generators.factors import draw_factors, patterns
from spurgen.generators.world import make_world
from spurgen.harness.metrics import correct, group_counts

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def label_likelihoods(scenario: Scenario, core: Int64 | None, values: Mapping[str, Int64]) -> Float64:
    """Returns Pr(label, what is shown) up to a factor for each sample, environments summed over: float64 (n, K).

    `core`: the classes shown, int64 (n,), -1 where the core cue is not drawn, or None to leave it out. `values`: the
    values of the channels that count, int64 (n,) each. Combinations that a scenario withholds count as if it did not.
    """
    labels = np.arange(scenario.num_classes)
    shown: Float64 = np.ones((1, len(labels)))
    if core is not None:
        wrong = scenario.label_noise / (len(labels) - 1)
        shown = np.where(core[:, None] == labels, 1 - scenario.label_noise, np.where(core[:, None] < 0, 1.0, wrong))
    environments = scenario.environments or (Environment(name="all"),)
    told: Float64 = np.zeros(1)
    for environment in environments:
        joint: Float64 = np.array(environment.weight)
        for name, column in values.items():
            strength = environment.strength.get(name, scenario.channels[name].strength)
            joint = joint * _value_given_label(scenario, name, strength)[column]
        told = told + joint
    return shown * told


def _value_given_label(scenario: Scenario, name: str, strength: Strength) -> Float64:
    """Returns Pr(value | label) of a channel: float64 (V, K)."""
    goes, number = aligned_values(scenario, name), ALIGNED_PER_CLASS[scenario.channels[name].alignment]
    aligned = np.broadcast_to(np.asarray(strength, dtype=float), scenario.num_classes)
    return np.where(goes, aligned / number, (1 - aligned) / (len(goes) - number))


def told_by(scenario: Scenario, channels: tuple[str, ...], core: bool) -> dict[str, float]:
    """Says how often the most probable label is right, given `channels` and, with `core`, the class shown.

    `train`: the accuracy on train, by its labels. On test: `aligned` and `conflicting`, the accuracies where all
    channels align and where all conflict, and `wga`. Equally probable labels count as the first of them.
    Channels count even where a caption leaves them out.
    """
    world = make_world(scenario)
    found = {}
    for split in ("train", "test"):
        factors = draw_factors(world, split, np.arange(scenario.split_size(split)))
        values = {name: factors.values[name] for name in channels}
        seen = np.where(factors.visible, factors.core, -1) if core else None
        scores = label_likelihoods(scenario, seen, values)
        found[split] = scores, factors.labels, values
    scores, labels, values = found["test"]
    groups = labels * 2 ** len(channels) + patterns(world, labels, values, channels)
    counts = group_counts(scores, labels, groups, scenario.num_classes * 2 ** len(channels))
    by_pattern = counts.accuracies.reshape(scenario.num_classes, -1).mean(axis=0)
    return {
        "train": float(correct(*found["train"][:2]).mean()),
        "aligned": float(by_pattern[0]),
        "conflicting": float(by_pattern[-1]),
        "wga": counts.worst,
    }
