"""A scenario made ready to draw from: its plug-ins, alignments and thresholds."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import Scenario, Strength
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.streams import Draw, Int64, permutation, stream_key, threshold, words

ALIGNED_PER_CLASS = {"one-to-one": 1, "many-to-many": 2}
COMMON_VALUES = 10  # an unlisted channel varies over its first ten values


@dataclass(frozen=True)
class World:
    """Holds what every sample of a scenario shares."""

    scenario: Scenario
    kinds: dict[str, ModuleType]

    def stream(self, split: str, indices: Int64, suffix: str = "") -> Draw:
        """Returns draw(name, blocks) -> uint64 (n, 4 * blocks), bound to a split's samples."""

        def draw(name: str, blocks: int) -> NDArray[np.uint64]:
            key = stream_key(self.scenario.suite, self.scenario.seed, split, name + suffix)
            return words(key, indices, blocks)

        return draw

    @cached_property
    def aligned(self) -> dict[str, Int64]:
        """Maps each channel to the values that go with each class: int64 (K, 1 or 2).

        Keyed by the kind, so that one kind in image and caption keeps one alignment.
        """
        tables = {}
        classes = np.arange(self.scenario.num_classes)
        for name, channel in self.scenario.channels.items():
            key = stream_key(self.scenario.suite, self.scenario.seed, "alignment", channel.kind)
            order = permutation(key, channel.values)
            shifts = range(ALIGNED_PER_CLASS[channel.alignment])
            tables[name] = np.stack([order[(classes + k) % channel.values] for k in shifts], axis=1)
        return tables

    @cached_property
    def conflicting(self) -> dict[str, Int64]:
        """Maps each channel to the values that do not go with each class: int64 (K, V - 1 or 2)."""
        return {
            name: np.stack([np.setdiff1d(np.arange(channel.values), row) for row in self.aligned[name]])
            for name, channel in self.scenario.channels.items()
        }

    @cached_property
    def strengths(self) -> dict[str, Int64]:
        """Maps each channel to its thresholds in units of 2**-32: int64 (environments, K)."""
        environments = self.scenario.environments
        return {
            name: np.stack(
                [self._thresholds(e.strength.get(name, channel.strength)) for e in environments]
                or [self._thresholds(channel.strength)]
            )
            for name, channel in self.scenario.channels.items()
        }

    def _thresholds(self, strength: Strength) -> Int64:
        per_class = strength if isinstance(strength, tuple) else (strength,) * self.scenario.num_classes
        return np.array([threshold(p) for p in per_class])

    @cached_property
    def environment_bounds(self) -> Int64:
        """Is the cumulated environment weights in units of 2**-32, int64, without the last."""
        weights = [e.weight for e in self.scenario.environments] or [1.0]
        return np.array([threshold(sum(weights[:k]) / sum(weights)) for k in range(1, len(weights))], np.int64)

    def governing(self, kind: str, carrier: str) -> str | None:
        """Names the channel that decides a kind in the image or the caption; None if unlisted."""
        for name, channel in self.scenario.channels.items():
            if channel.kind == kind and channel.carrier in (carrier, "both"):
                return name
        return None


def check(scenario: Scenario) -> None:
    """Raises `ScenarioError` if a channel of the scenario cannot be drawn as it says."""
    kinds = discover(CHANNELS)
    for name, channel in scenario.channels.items():
        where = f"scenario {scenario.name}, channels.{name}"
        if channel.kind not in kinds:
            raise ScenarioError(f"{where}: unknown channel {channel.kind!r}; choose from {', '.join(kinds)}")
        module = kinds[channel.kind]
        carriers = {"image", "caption"} if channel.carrier == "both" else {channel.carrier}
        if not carriers <= module.CARRIERS:
            possible = " or ".join(sorted(module.CARRIERS))
            raise ScenarioError(f'{where}: {channel.kind} is carried by {possible} only; set carrier = "{possible}"')
        if channel.values > len(module.VALUES):
            raise ScenarioError(f"{where}: {channel.kind} has {len(module.VALUES)} values, not {channel.values}")
        if channel.values <= ALIGNED_PER_CLASS[channel.alignment]:
            raise ScenarioError(f"{where}: {channel.alignment} needs more than {channel.values} values")


@lru_cache(maxsize=64)
def _prepare(described: str) -> World:
    scenario = Scenario.model_validate_json(described)
    check(scenario)
    return World(scenario, discover(CHANNELS))


def make_world(scenario: Scenario) -> World:
    """Checks a scenario and prepares it, once per process."""
    return _prepare(scenario.model_dump_json())


def aligned_values(scenario: Scenario, channel: str) -> NDArray[np.bool_]:
    """Says which values of a channel go with which class: bool (V, K)."""
    table = make_world(scenario).aligned[channel]
    values = np.arange(scenario.channels[channel].values)
    return (table[None, :, :] == values[:, None, None]).any(axis=2)
