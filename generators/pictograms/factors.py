"""The factor table: class, environment and channel values of every sample, before it is drawn."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.worlds.pictograms import BALANCED, Scenario
from spurgen.generators.pictograms.state import State, redrawn_channel
from spurgen.generators.streams import Int64, Stream, Words, fraction, happens, other_than, threshold, uniform_int

NO_ENVIRONMENT = -1  # the env_id of samples in balanced splits


@dataclass(frozen=True)
class Factors:
    """Factors of n samples, int64 (n,) each.

    `core` is the class shown and `labels` the class recorded; label noise makes them differ. `visible`, bool (n,), is
    True where the core cue is drawn.
    """

    labels: Int64
    core: Int64
    visible: NDArray[np.bool_]
    env_ids: Int64
    values: dict[str, Int64]


def draw_factors(world: State, split: str, indices: Int64) -> Factors:
    """Draw the factors of a split's samples: balanced by design, or else at the scenario's strengths."""
    draw = world.stream(split, indices)
    scenario = world.scenario
    visible = happens(draw("core-visible", 1)[:, 0], threshold(scenario.core_visibility))
    if split in BALANCED:
        labels, values = _balanced(world, split, indices, draw)
        return Factors(labels, labels, visible, np.full(len(indices), NO_ENVIRONMENT), values)
    clean = split == "val" and scenario.splits.val_per_group > 0
    labels, core = _recorded_and_shown(scenario, draw("label", 1), 0.0 if clean else scenario.label_noise)
    env_ids = np.searchsorted(world.environment_bounds, fraction(draw("environment", 1)[:, 0]), "right")
    followed = labels if scenario.noise_kind == "core" else core
    values = {}
    for name, strengths in world.strengths.items():
        aligned = happens(draw(f"channel/{name}", 1)[:, 0], strengths[env_ids, followed])
        values[name] = _value(world, name, followed, ~aligned, draw)
    if clean:
        labels, values = _balanced_first(world, indices, draw, labels, values)
        core = labels
    _withhold(world, core, values, lambda name: draw(f"channel/{name}", 1)[:, 3])
    return Factors(labels, core, visible, env_ids.astype(np.int64), values)


def _recorded_and_shown(scenario: Scenario, raw: Words, noise: float) -> tuple[Int64, Int64]:
    """Draw the class recorded and the class shown; by `noise_kind`, noise changes one or the other."""
    drawn = uniform_int(raw[:, 0], scenario.num_classes)
    noisy = happens(raw[:, 1], threshold(noise))
    changed = np.where(noisy, other_than(raw[:, 2], drawn, scenario.num_classes), drawn)
    return (drawn, changed) if scenario.noise_kind == "core" else (changed, drawn)


def _balanced(world: State, split: str, indices: Int64, draw: Stream) -> tuple[Int64, dict[str, Int64]]:
    """Return labels and channel values that are balanced over groups; in extra test samples all channels conflict."""
    scenario = world.scenario
    labels = indices % scenario.num_classes
    pattern = indices // scenario.num_classes % scenario.num_patterns
    if split == "test" and scenario.splits.conflicting_per_class:
        on_top = indices >= scenario.num_balanced_test
        pattern = np.where(on_top, scenario.num_patterns - 1, pattern)
    conflicts = {name: (pattern >> k) & 1 == 1 for k, name in enumerate(scenario.channels)}
    return labels, {name: _value(world, name, labels, c, draw) for name, c in conflicts.items()}


def _balanced_first(
    world: State, indices: Int64, draw: Stream, labels: Int64, values: dict[str, Int64]
) -> tuple[Int64, dict[str, Int64]]:
    """Replace the labels and values of the first val samples with ones that are balanced over groups."""
    scenario = world.scenario
    first = indices < scenario.num_balanced_val
    even, balanced = _balanced(world, "val", indices, draw)
    return np.where(first, even, labels), {name: np.where(first, balanced[name], v) for name, v in values.items()}


def redrawn_values(world: State, split: str, core: Int64, draw: Stream) -> dict[str, Int64]:
    """Draw every channel uniformly; on train and val, no withheld combination occurs."""
    words = {name: draw(f"channel/{name}/unc", 1) for name in world.scenario.channels}
    values = {name: uniform_int(words[name][:, 0], spec.values) for name, spec in world.scenario.channels.items()}
    if split not in BALANCED:
        _withhold(world, core, values, lambda name: words[name][:, 1])
    return values


def _value(world: State, name: str, labels: Int64, conflict: NDArray[np.bool_], draw: Stream) -> Int64:
    """Draw an aligned value, or a conflicting one where `conflict` is True, uniformly among the candidates."""
    raw = draw(f"channel/{name}", 1)
    aligned, conflicting = world.aligned[name], world.conflicting[name]
    with_label = aligned[labels, uniform_int(raw[:, 1], aligned.shape[1])]
    against = conflicting[labels, uniform_int(raw[:, 2], conflicting.shape[1])]
    return np.where(conflict, against, with_label)


def _withhold(world: State, core: Int64, values: dict[str, Int64], word: Callable[[str], NDArray[np.uint64]]) -> None:
    """Redraw the last-named channel of every withheld combination, uniformly over the values left.

    A redrawn row shows no combination that names this channel; for all others nothing changes. So
    none is shown once every combination has been treated. `word` returns a channel's raw words,
    uint64 (n,).
    """
    combinations = world.scenario.withheld
    for combination in combinations:
        name = redrawn_channel(combination)
        factors = {"class": core, **values}
        left = _values_left([c for c in combinations if name in c], name, world.scenario.channels[name].values)
        hit = np.flatnonzero(np.all([factors[key] == value for key, value in combination.items()], axis=0))
        raw = word(name)
        for i in hit:
            allowed = left({key: int(column[i]) for key, column in factors.items()})
            values[name][i] = allowed[int(uniform_int(raw[i : i + 1], len(allowed))[0])]


def _values_left(rivals: list[dict[str, int]], name: str, size: int) -> Callable[[dict[str, int]], list[int]]:
    """Return a function from a row of factors to the values of channel `name` that are not withheld there."""
    keys = sorted({key for rival in rivals for key in rival} - {name})

    @cache
    def known(at: tuple[int, ...]) -> list[int]:
        row = dict(zip(keys, at, strict=True))
        return [v for v in range(size) if not any(c.items() <= {**row, name: v}.items() for c in rivals)]

    return lambda row: known(tuple(row[key] for key in keys))


def patterns(world: State, labels: Int64, values: dict[str, Int64], channels: tuple[str, ...]) -> Int64:
    """Return alignment patterns over `channels`, int64 (n,); bit k is set where channel k conflicts."""
    total = np.zeros(len(labels), np.int64)
    for k, name in enumerate(channels):
        aligned = (world.aligned[name][labels] == values[name][:, None]).any(axis=1)
        total |= (~aligned).astype(np.int64) << k
    return total


def groups_over(scenario: Scenario, channels: Collection[str], group_ids: Int64) -> Int64:
    """Reduce group ids over all channels of a scenario to those over `channels`, in the scenario's order.

    `group_ids`: `label * 2**C + pattern`, int64 (n,), as samples have them. Returns
    `label * 2**len(channels) + pattern`, int64 (n,).
    """
    labels, pattern = np.divmod(group_ids, scenario.num_patterns)
    kept = [k for k, name in enumerate(scenario.channels) if name in channels]
    reduced = sum(((pattern >> k & 1) << place for place, k in enumerate(kept)), np.zeros_like(pattern))
    groups: Int64 = labels * 2 ** len(kept) + reduced
    return groups
