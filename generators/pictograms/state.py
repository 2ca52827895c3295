"""A scenario prepared for drawing: its plug-ins, alignments and thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import fsum
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.worlds.pictograms import ALIGNED_PER_CLASS, Channel, Scenario, Strength
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.pictograms.shapes import class_names
from spurgen.generators.streams import Int64, Stream, permutation, stream_key, threshold, words

MAX_JOINT = 1000  # joint combinations that a check of `withheld` goes through
COMMON_VALUES = 10  # an unlisted channel varies over its first ten values
ON_PICTOGRAM = 'shows on the pictogram; set core_carrier = "both" or "image"'


def needs_pictogram(kind: ModuleType) -> bool:
    """Return whether an image shows the values of a kind only on the pictogram."""
    return bool(getattr(kind, "NEEDS_PICTOGRAM", False))


@dataclass(frozen=True)
class State:
    """State shared by all samples of a scenario."""

    scenario: Scenario
    kinds: dict[str, ModuleType]

    def stream(self, split: str, indices: Int64, suffix: str = "") -> Stream:
        """Return draw(name, blocks) -> uint64 (n, 4 * blocks) for these samples of a split."""

        def draw(name: str, blocks: int) -> NDArray[np.uint64]:
            key = stream_key(self.scenario.suite, self.scenario.seed, split, name + suffix)
            return words(key, indices, blocks)

        return draw

    @cached_property
    def aligned(self) -> dict[str, Int64]:
        """Aligned values of each class, per channel: int64 (K, 1 or 2).

        A random alignment is a permutation keyed by the kind, so two channels of one kind, one in the
        image and one in the caption, share their alignment.
        """
        tables = {}
        classes = np.arange(self.scenario.num_classes)
        for name, channel in self.scenario.channels.items():
            key = stream_key(self.scenario.suite, self.scenario.aligning_seed, "alignment", channel.kind)
            order = permutation(key, channel.values)
            shifts = range(ALIGNED_PER_CLASS[channel.alignment])
            tables[name] = np.stack([order[(classes + k) % channel.values] for k in shifts], axis=1)
        return tables | fixed_alignments(self.scenario, self.kinds)

    @cached_property
    def conflicting(self) -> dict[str, Int64]:
        """Conflicting values of each class, per channel: int64 (K, V - 1 or V - 2)."""
        return {
            name: np.stack([np.setdiff1d(np.arange(channel.values), row) for row in self.aligned[name]])
            for name, channel in self.scenario.channels.items()
        }

    @cached_property
    def strengths(self) -> dict[str, Int64]:
        """Strengths per channel, as thresholds in units of 2**-32: int64 (environments, K)."""
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
        """Cumulative environment weights in units of 2**-32, int64, without the last."""
        weights = [e.weight for e in self.scenario.environments] or [1.0]
        # Python 3.12 changed how `sum` rounds; `fsum` is exact everywhere.
        total = fsum(weights)
        return np.array([threshold(fsum(weights[:k]) / total) for k in range(1, len(weights))], np.int64)

    def governing(self, kind: str, carrier: str) -> str | None:
        """Return the channel that sets a kind in the image or the caption; None if unlisted."""
        for name, channel in self.scenario.channels.items():
            if channel.kind == kind and carrier in channel.carriers:
                return name
        return None


def check(scenario: Scenario) -> None:
    """Raise `ScenarioError` if a channel of the scenario cannot be drawn as specified."""
    if scenario.worlds > 1:
        raise ScenarioError(
            f"scenario {scenario.name} is a template of {scenario.worlds} worlds; take one, such as .in_world(0)"
        )
    kinds = discover(CHANNELS)
    for name, channel in scenario.channels.items():
        where = f"scenario {scenario.name}, channels.{name}"
        if channel.kind not in kinds:
            raise ScenarioError(f"{where}: unknown channel {channel.kind!r}; choose from {', '.join(kinds)}")
        module = kinds[channel.kind]
        if not channel.carriers <= module.CARRIERS:
            possible = " or ".join(sorted(module.CARRIERS))
            raise ScenarioError(f'{where}: {channel.kind} is carried by {possible} only; set carrier = "{possible}"')
        if scenario.core_carrier == "caption" and "image" in channel.carriers and needs_pictogram(module):
            raise ScenarioError(f"{where}: {channel.kind} {ON_PICTOGRAM}")
        if channel.values > len(module.VALUES):
            raise ScenarioError(f"{where}: {channel.kind} has {len(module.VALUES)} values, not {channel.values}")
        if channel.values <= ALIGNED_PER_CLASS[channel.alignment]:
            raise ScenarioError(f"{where}: {channel.alignment} needs more than {channel.values} values")
        where = f"scenario {scenario.name}, withheld"
        if channel.hidden and any(name in combination for combination in scenario.withheld):
            raise ScenarioError(f"{where}: {name} is hidden, so no twin may redraw it; name other channels")
        row = _blocked(scenario.withheld, name, channel.values, where)
        if row is not None:
            raise ScenarioError(f"{where}: leaves no value of {name} for {row}; withhold fewer combinations")
    check_alignment(scenario, kinds)


def _blocked(withheld: tuple[dict[str, int], ...], name: str, size: int, where: str) -> dict[str, int] | None:
    """Return other factors under which a channel would be redrawn but has no value left, if there are any.

    Raises `ScenarioError` if there are too many joint combinations to tell.
    """
    rows: dict[tuple[tuple[str, int], ...], bool] = {(): False}  # whether `name` is the one redrawn
    for value in range(size):
        met: dict[tuple[tuple[str, int], ...], bool] = {}
        for combination in withheld:
            others = {key: v for key, v in combination.items() if key != name}
            if combination.get(name) != value:
                continue
            redrawn = redrawn_channel(combination) == name
            for row, before in rows.items():
                if all(others.get(key, v) == v for key, v in row):
                    joint = tuple(sorted({**dict(row), **others}.items()))
                    met[joint] = met.get(joint, False) or before or redrawn
            if len(met) > MAX_JOINT:
                raise ScenarioError(f"{where}: too many combinations with {name} to check; withhold fewer")
        rows = met
    return min((dict(row) for row, redrawn in rows.items() if redrawn), key=len, default=None)


def redrawn_channel(combination: dict[str, int]) -> str:
    """Return the channel that is redrawn where a withheld combination occurs: the last one."""
    return [key for key in combination if key != "class"][-1]


@lru_cache(maxsize=64)
def state_of(scenario: Scenario) -> State:
    """Check and prepare a scenario, once per process."""
    check(scenario)
    return State(scenario, discover(CHANNELS))


def aligned_values(scenario: Scenario, channel: str) -> NDArray[np.bool_]:
    """Return which values of a channel go with which class: bool (V, K)."""
    if channel not in scenario.channels:
        raise ScenarioError(
            f"there is no channel {channel!r}; scenario {scenario.name} has {', '.join(scenario.channels)}"
        )
    table = state_of(scenario).aligned[channel]
    values = np.arange(scenario.channels[channel].values)
    goes: NDArray[np.bool_] = (table[None, :, :] == values[:, None, None]).any(axis=2)
    return goes


def fixed_alignments(scenario: Scenario, kinds: Mapping[str, ModuleType]) -> dict[str, Int64]:
    """Return the aligned value of each class, int64 (K, 1), for the channels whose alignment is not random.

    Under `counter`, a class gets the natural value of the next class that has another one.
    """
    tables = {}
    for name, channel in _with_natural_values(scenario, kinds).items():
        natural = _natural_values(scenario, kinds[channel.kind])
        if scenario.alignment == "counter":
            around = [natural[k:] + natural[:k] for k in range(len(natural))]
            natural = [next(value for value in others if value != others[0]) for others in around]
        tables[name] = np.array(natural)[:, None]
    return tables


def check_alignment(scenario: Scenario, kinds: Mapping[str, ModuleType]) -> None:
    """Raise `ScenarioError` if a scenario's classes cannot be aligned with natural values."""
    if scenario.alignment == "random":
        return
    wanted, random = f'alignment = "{scenario.alignment}"', 'set the scenario\'s alignment to "random"'
    channels = _with_natural_values(scenario, kinds)
    if not channels:
        known = ", ".join(kind for kind, module in kinds.items() if hasattr(module, "NATURAL_VALUES"))
        raise ScenarioError(
            f"scenario {scenario.name}: {wanted} needs a channel with natural values ({known}); list one, or {random}"
        )
    for name, channel in channels.items():
        where = f"scenario {scenario.name}, channels.{name}"
        if channel.alignment != "one-to-one":
            one = f"{wanted} gives each class one value, so {channel.alignment} is impossible"
            raise ScenarioError(f'{where}: {one}; set the channel\'s alignment to "one-to-one", or {random}')
        module = kinds[channel.kind]
        natural = _natural_values(scenario, module)
        if max(natural) >= channel.values:
            lacks = f"{wanted} needs {module.VALUES[max(natural)]}, which is not among its {channel.values} values"
            raise ScenarioError(f"{where}: {lacks}; set values to {max(natural) + 1} or more, or {random}")
        if len(set(natural)) < 2:
            same = f"all classes have the natural value {module.VALUES[natural[0]]}"
            raise ScenarioError(f"{where}: {same}; choose other classes, or {random}")


def _with_natural_values(scenario: Scenario, kinds: Mapping[str, ModuleType]) -> dict[str, Channel]:
    """Return the channels that `natural` and `counter` align; none if the alignment is random."""
    if scenario.alignment == "random":
        return {}
    return {
        name: channel for name, channel in scenario.channels.items() if hasattr(kinds[channel.kind], "NATURAL_VALUES")
    }


def _natural_values(scenario: Scenario, kind: ModuleType) -> list[int]:
    """Return the number of each class's natural value."""
    return [kind.VALUES.index(kind.NATURAL_VALUES[name]) for name in class_names(scenario)]
