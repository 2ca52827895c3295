"""Samples and their twins, as functions of a scenario, a split and indices: their factors, then what is drawn."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.worlds.pictograms import BALANCED, NUISANCES, Channel, Scenario
from spurgen.generators.atlas import OPAQUE
from spurgen.generators.pictograms.captions import NATURAL, PLAIN
from spurgen.generators.pictograms.state import COMMON_VALUES, State, redrawn_channel, state_of
from spurgen.generators.scene import Scene
from spurgen.generators.streams import (
    Int64,
    Stream,
    Words,
    checked_indices,
    fraction,
    happens,
    integers,
    other_than,
    threshold,
    uniform_int,
)
from spurgen.generators.world import Samples

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


TwinKind = Literal["channel", "placebo", "core", "ctrl", "unc"]
GRAMMARS = {"plain": PLAIN, "natural": NATURAL}
CORE_RADIUS = 190 * (1 << 16) // 1000  # of the canvas's side, at core_size 1


def sample(
    scenario: Scenario, split: str, indices: Int64 | range | list[int], *, images: bool = True, captions: bool = True
) -> Samples:
    """Return samples of `train`, `val`, `calibration` or `test`; a sample is the same alone and in any batch.

    Indices may lie past a split's size: those samples are not frozen, and are like its last ones. So if val has
    `val_per_group`, they are not balanced; if test has `conflicting_per_class`, all their channels conflict. Without
    `images` (or `captions`) the array (or list) is empty, which takes less time. Raises `ScenarioError` for an unknown
    split, an impossible scenario, or indices that are negative, not whole numbers, or not one-dimensional.
    """
    return _make(drawn(scenario, split, indices), images, captions)


def twins(
    scenario: Scenario,
    split: str,
    indices: Int64 | range | list[int],
    kind: TwinKind,
    channel: str | None = None,
    value: int | Int64 | None = None,
    *,
    images: bool = True,
    captions: bool = True,
) -> Samples:
    """Return twins: the same samples, re-rendered with exactly one thing changed.

    Kind `channel` sets `channel` to `value`, an integer or int64 (n,); `core` changes the class; `ctrl` sets every
    channel to the class's aligned value; `unc` redraws every channel uniformly, on train and val except hidden
    channels, and without withheld combinations. These keep every nuisance. `placebo` keeps class and channels, and
    redraws the nuisances, or only the one that `channel` names. Raises `ScenarioError` as `sample` does, and for an
    unknown kind, channel or value.
    """
    return _make(drawn(scenario, split, indices, kind, channel, value), images, captions)


def shown_classes(scenario: Scenario, split: str, indices: Int64 | range | list[int]) -> Int64:
    """Return the classes that samples show, int64 (n,), which label noise makes differ from their labels."""
    return drawn(scenario, split, indices).factors.core


class Drawn(NamedTuple):
    """Samples before they are rendered; `nuisance` returns the words of a stream of nuisances."""

    world: State
    factors: Factors
    nuisance: Stream


def drawn(
    scenario: Scenario,
    split: str,
    indices: Int64 | range | list[int],
    kind: TwinKind | None = None,
    channel: str | None = None,
    value: int | Int64 | None = None,
) -> Drawn:
    """Draw factors and nuisances of samples, or with `kind`, of their twins; arguments and errors as `twins`."""
    scenario.split_size(split)  # refuses an unknown split
    world, where = state_of(scenario), checked_indices(indices)
    base = changed = draw_factors(world, split, where)
    draw = world.stream(split, where)
    redrawn = None
    if kind == "channel":
        changed = _set_channel(scenario, base, channel, value)
    elif kind == "core":
        core = other_than(draw("core-twin", 1)[:, 0], base.core, scenario.num_classes)
        changed = replace(base, core=core, labels=core)
    elif kind == "ctrl":
        changed = replace(base, values={name: table[base.labels, 0] for name, table in world.aligned.items()})
    elif kind == "unc":
        kept = {n: base.values[n] for n, c in scenario.channels.items() if c.hidden and split not in BALANCED}
        changed = replace(base, values=redrawn_values(world, split, base.core, draw) | kept)
    elif kind == "placebo":
        redrawn = channel or "all"
        if redrawn not in ("all", *NUISANCES):
            raise ScenarioError(f"there is no nuisance {channel!r}; choose one of {', '.join(NUISANCES)}, or none")
    elif kind is not None:
        raise ScenarioError(f"unknown kind of twin {kind!r}; choose {', '.join(get_args(TwinKind))}")
    return Drawn(world, changed, nuisance_words(world, split, where, redrawn))


def _set_channel(scenario: Scenario, base: Factors, channel: str | None, value: int | Int64 | None) -> Factors:
    if channel not in scenario.channels or value is None:
        known = ", ".join(scenario.channels)
        raise ScenarioError(f"a channel twin needs channel (one of {known}) and value, not {channel!r} and {value!r}")
    size, wanted = scenario.channels[channel].values, integers(f"values of channel {channel}", value)
    if wanted.shape not in ((), base.labels.shape):
        raise ScenarioError(f"a channel twin needs one value, or one for each of the {len(base.labels)} samples")
    if wanted.size and not 0 <= wanted.min() <= wanted.max() < size:
        raise ScenarioError(f"channel {channel} has the values 0 to {size - 1}, not {value!r}")
    return replace(base, values={**base.values, channel: np.broadcast_to(wanted, base.labels.shape)})


def _make(made: Drawn, images: bool, captions: bool) -> Samples:
    scenario, factors = made.world.scenario, made.factors
    pattern = patterns(made.world, factors.labels, factors.values, tuple(scenario.channels))
    return Samples(
        Batch(_images(*made) if images else None, _captions(*made) if captions else None),
        factors.labels,
        factors.values,
        factors.env_ids,
        factors.labels * scenario.num_patterns + pattern,
    )


def _shown(world: State, kind: str, carrier: str, factors: Factors, nuisance: Stream) -> Int64 | None:
    """Return a kind's values in image or caption: its channel's, or, as `UNLISTED` says, uniform ones or None."""
    channel = world.governing(kind, carrier)
    if channel is not None:
        return factors.values[channel]
    module = world.kinds[kind]
    if module.UNLISTED == "absent":
        return None
    return uniform_int(nuisance(f"unlisted/{kind}", 1)[:, 0], min(COMMON_VALUES, len(module.VALUES)))


def _images(world: State, factors: Factors, nuisance: Stream) -> NDArray[np.uint8]:
    spec = world.scenario
    visible = factors.visible & (spec.core_carrier != "caption")
    seen, size = np.where(visible, int(OPAQUE * spec.core_contrast), 0), int(CORE_RADIUS * spec.core_size)
    scene = Scene(spec.image_size, spec.first_class + factors.core, size, seen, lambda blocks: nuisance("pose", blocks))
    for kind, module in world.kinds.items():
        values = _shown(world, kind, "image", factors, nuisance) if "image" in module.CARRIERS else None
        if values is not None:
            magnitude = magnitudes(world, kind, nuisance)
            module.paint(scene, values, magnitude, lambda blocks, kind=kind: nuisance(f"paint/{kind}", blocks))
    return scene.draw()


def magnitudes(world: State, kind: str, nuisance: Stream) -> Int64:
    """Draw each sample's magnitude of a kind in 0..256, uniform within +-variance of the channel's."""
    channel = world.scenario.channels.get(world.governing(kind, "image") or "", Channel())
    spread = int(OPAQUE * channel.variance)
    middle = int(OPAQUE * channel.magnitude)
    word = nuisance(f"magnitude/{kind}", 1)[:, 0]
    return np.clip(middle - spread + uniform_int(word, 2 * spread + 1), 0, OPAQUE)


def mentioned(world: State, kind: str, nuisance: Stream) -> NDArray[np.bool_]:
    """Return which captions show the value of a kind, bool (n,); the others say something neutral.

    A sentence in the neutral voice may have no slot for the synonym.
    """
    fidelity = threshold(world.scenario.caption_fidelity)
    said = happens(nuisance(f"mention/{kind}", 1)[:, 0], fidelity)
    neutral = GRAMMARS[world.scenario.captions].phrases(world.kinds["voice"])[-1]
    if kind == "synonym" and "{synonym}" not in neutral:
        said &= happens(nuisance("mention/voice", 1)[:, 0], fidelity)
    return said


def _captions(world: State, factors: Factors, nuisance: Stream) -> list[str]:
    grammar, phrases = GRAMMARS[world.scenario.captions], {}
    for kind, module in world.kinds.items():
        if "caption" not in module.CARRIERS:
            continue
        values = _shown(world, kind, "caption", factors, nuisance)
        if values is None:
            continue
        table = grammar.phrases(module)
        said = np.where(mentioned(world, kind, nuisance), values, len(table) - 1)
        phrases[kind] = [table[v] for v in said.tolist()]
    spec = world.scenario
    nouns = spec.first_class + factors.core
    visible = factors.visible & (spec.core_carrier != "image")
    return grammar.write(nouns, visible, phrases, nuisance("caption", 2))


# Words of a scene's pose, see `Scene`: noise; polarity, tint and level of the wall; place and size of the plate, its
# turn; place, size and lean of the pictogram.
_POSE = {"noise": [0], "tone": [1, 2, 3], "place": [4, 5, 8, 9], "size": [6, 10], "tilt": [7, 11]}


def _redrawn(base: Stream, other: Stream, nuisance: str, kinds: dict[str, ModuleType]) -> Stream:
    """Return a source of nuisance words that takes one nuisance from `other` and the rest from `base`.

    The look of what is painted counts as tone, as do the values of unlisted kinds that images can show.
    """

    def draw(name: str, blocks: int) -> Words:
        if name == "pose":
            mixed, columns = base(name, blocks).copy(), _POSE.get(nuisance, [])
            mixed[:, columns] = other(name, blocks)[:, columns]
            return mixed
        return (other if _nuisance_of(name, kinds) == nuisance else base)(name, blocks)

    return draw


def _nuisance_of(stream: str, kinds: dict[str, ModuleType]) -> str:
    purpose, _, kind = stream.partition("/")
    if purpose in ("caption", "mention"):
        return "wording"
    return "tone" if "image" in kinds[kind].CARRIERS else "wording"


def nuisance_words(world: State, split: str, indices: Int64, changed: str | None) -> Stream:
    """Return the source of nuisance words of samples: their own, or with `changed`, one or `all` of them redrawn."""
    base = world.stream(split, indices)
    if changed is None:
        return base
    other = world.stream(split, indices, "/placebo")
    return other if changed == "all" else _redrawn(base, other, changed, world.kinds)
