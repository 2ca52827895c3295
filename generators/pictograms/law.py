"""What samples show without being rendered, the law of training data, and the ideal observer of it."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import CARRIERS_OF, Modality
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.worlds.pictograms import Scenario
from spurgen.generators.atlas import OPAQUE
from spurgen.generators.pictograms.sampling import Drawn, magnitudes, mentioned
from spurgen.generators.pictograms.state import State, needs_pictogram, redrawn_channel, state_of
from spurgen.generators.streams import Int64, threshold

UNSEEN = -1
Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Evidence:
    """Values that n samples show, int64 (n,) each, or `UNSEEN`.

    `core`: the class of the pictogram or noun, in [0, num_classes). `values`: per channel.
    """

    core: Int64
    values: dict[str, Int64]

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.core)

    def take(self, part: slice) -> Self:
        """Return the evidence of a slice of the samples."""
        values = {name: column[part] for name, column in self.values.items()}
        return type(self)(self.core[part], values)


def shows_core(scenario: Scenario, modality: Modality) -> bool:
    """Return whether a modality shows the pictogram or the noun at all."""
    shown = {"image": _draws_pictogram(scenario), "caption": scenario.core_carrier != "image"}
    return any(shown[carrier] for carrier in CARRIERS_OF[modality])


def evidence(made: Drawn, modality: Modality) -> Evidence:
    """Return what drawn samples show in a modality.

    A core cue that is not drawn shows nothing, nor does a value that its caption leaves out or whose magnitude is 0. A
    value that is drawn counts as shown, however faint.
    """
    world, factors, _ = made
    scenario = world.scenario
    shown = {"image": _pictogram_drawn(made), "caption": factors.visible & (scenario.core_carrier != "image")}
    carriers = CARRIERS_OF[modality]
    core_seen = np.any([shown[carrier] for carrier in carriers], axis=0)
    values = {}
    for name, channel in scenario.channels.items():
        seen = _seen(made, channel.kind, {*carriers} & channel.carriers)
        values[name] = np.where(seen, factors.values[name], UNSEEN)
    return Evidence(np.where(core_seen, factors.core, UNSEEN), values)


def _pictogram_drawn(made: Drawn) -> NDArray[np.bool_]:
    return made.factors.visible & _draws_pictogram(made.world.scenario)


def _draws_pictogram(scenario: Scenario) -> bool:
    return scenario.core_carrier != "caption" and int(OPAQUE * scenario.core_contrast) > 0


def _seen(made: Drawn, kind: str, carriers: Collection[str]) -> NDArray[np.bool_]:
    """Return which samples show the value of a kind in one of the carriers, bool (n,)."""
    seen = np.zeros(len(made.factors.labels), bool)
    if "image" in carriers:
        in_image = magnitudes(made.world, kind, made.nuisance) > 0
        if needs_pictogram(made.world.kinds[kind]):
            in_image &= _pictogram_drawn(made)
        seen |= in_image
    if "caption" in carriers:
        seen |= mentioned(made.world, kind, made.nuisance)
    return seen


MAX_CELLS = 5_000_000  # of the joint table of channels in withheld combinations
_UNIT = 2.0**-32  # of the generator's thresholds


@dataclass(frozen=True)
class TrainingLaw:
    """Probabilities of a scenario's training data, for E environments and K classes.

    Channels follow one class; from it come the class shown and the label. `joint`: Pr(environment, class followed,
    class shown, values of `joined`), float64 (E, K, K, V_1, V_2, ...). `joined`: the channels in withheld combinations,
    which depend on one another. `given`: Pr(value | environment, class followed) of every other channel, float64
    (E, V, K). `recorded`: Pr(label | class followed), float64 (K, K).
    """

    joined: tuple[str, ...]
    joint: Float64
    given: dict[str, Float64]
    recorded: Float64


def training_law(world: State) -> TrainingLaw:
    """Compute the law; raise `ScenarioError` if the withheld combinations join channels of too many values."""
    scenario = world.scenario
    joined = tuple(n for n in scenario.channels if any(n in combination for combination in scenario.withheld))
    noisy, clean = _noise(world), np.eye(scenario.num_classes)
    shown, recorded = (noisy, clean) if scenario.noise_kind == "core" else (clean, noisy)
    given = {name: _value_probabilities(world, name) for name in scenario.channels}
    weights = _environment_weights(world)
    shape = (*weights.shape, *shown.shape, *(scenario.channels[name].values for name in joined))
    if np.prod(shape, dtype=float) > MAX_CELLS:
        raise ScenarioError(
            f"scenario {scenario.name}, withheld: its combinations join {', '.join(joined)}, a table of "
            f"{np.prod(shape, dtype=float):,.0f} cells, and the ideal observer handles {MAX_CELLS:,}; "
            "name fewer channels"
        )
    joint = weights[:, None, None] * shown / scenario.num_classes
    for name in joined:
        followed = given.pop(name).transpose(0, 2, 1)  # (E, K, V), then axes for the class shown and earlier channels
        joint = joint[..., None] * followed.reshape(*followed.shape[:2], *(1,) * (joint.ndim - 2), -1)
    for combination in scenario.withheld:
        joint = _redrawn(joint, ("class", *joined), combination, scenario.withheld)
    return TrainingLaw(joined, joint, given, recorded)


def _environment_weights(world: State) -> Float64:
    """Return Pr(environment), float64 (E,)."""
    bounds = np.array([0, *world.environment_bounds.tolist(), 2**32])
    return np.diff(bounds) * _UNIT


def _noise(world: State) -> Float64:
    """Return Pr(class after label noise | class before), float64 (K, K)."""
    count = world.scenario.num_classes
    rate = threshold(world.scenario.label_noise) * _UNIT
    return np.where(np.eye(count, dtype=bool), 1 - rate, rate / (count - 1))


def _value_probabilities(world: State, name: str) -> Float64:
    """Return Pr(value | environment, class followed), float64 (E, V, K)."""
    aligned = world.aligned[name]
    size, count = world.scenario.channels[name].values, aligned.shape[1]
    goes = (aligned == np.arange(size)[:, None, None]).any(axis=2)  # (V, K)
    strength = (world.strengths[name] * _UNIT)[:, None]  # (E, 1, K)
    probabilities: Float64 = np.where(goes, strength / count, (1 - strength) / (size - count))
    return probabilities


def _redrawn(
    joint: Float64, names: tuple[str, ...], combination: dict[str, int], withheld: tuple[dict[str, int], ...]
) -> Float64:
    """Return the joint law once the channel of a withheld combination is redrawn uniformly over the values left."""
    name = redrawn_channel(combination)
    axis = names.index(name)
    blocked = np.any([_occurs(joint, names, other) for other in withheld if name in other], axis=0)
    left = ~blocked
    share = left / np.maximum(left.sum(axis=axis, keepdims=True), 1)
    moved = joint * _occurs(joint, names, combination)
    redrawn: Float64 = joint - moved + moved.sum(axis=axis + 2, keepdims=True) * share
    return redrawn


def _occurs(joint: Float64, names: tuple[str, ...], combination: dict[str, int]) -> Bool:
    """Return in which cells of class shown and values a combination occurs: bool (K, V_1, V_2, ...)."""
    cells = np.ones(joint.shape[2:], bool)
    for key, value in combination.items():
        axis = names.index(key)
        is_value = np.arange(cells.shape[axis]) == value
        cells &= is_value.reshape([-1 if k == axis else 1 for k in range(cells.ndim)])
    return cells


CELLS = 4_000_000  # of the largest array


@dataclass(frozen=True)
class IdealObserver:
    """The ideal observer: the probability of each label given what a sample shows, under the law of the training data.

    It weighs all evidence exactly as it occurs in training: it sums over environments, label noise, withheld values and
    all that a sample does not show. It sees factors, not pixels: two values that are hard to tell apart are different
    to it, and it does not use how strongly a value shows, nor what only finitely many training samples suggest.
    """

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
    return IdealObserver(scenario, training_law(state_of(scenario)))
