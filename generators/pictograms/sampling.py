"""Samples and their twins, as functions of a scenario, a split and indices."""

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.worlds.pictograms import BALANCED, NUISANCES, Channel, Scenario
from spurgen.generators.indices import checked_indices, integers
from spurgen.generators.layers import OPAQUE
from spurgen.generators.pictograms.captions import PLAIN
from spurgen.generators.pictograms.factors import Factors, draw_factors, patterns, redrawn_values
from spurgen.generators.pictograms.natural_captions import NATURAL
from spurgen.generators.pictograms.state import COMMON_VALUES, State, state_of
from spurgen.generators.scene import Core, Scene
from spurgen.generators.streams import Int64, Stream, Words, happens, other_than, threshold, uniform_int
from spurgen.generators.world import Samples

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
    core = Core(int(CORE_RADIUS * spec.core_size), int(OPAQUE * spec.core_contrast), visible)
    pictograms = spec.first_class + factors.core
    scene = Scene(spec.image_size, pictograms, core, lambda blocks: nuisance("pose", blocks))
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
            return _replaced(base(name, blocks), other(name, blocks), _POSE.get(nuisance, []))
        return (other if _nuisance_of(name, kinds) == nuisance else base)(name, blocks)

    return draw


def _replaced(words: Words, others: Words, columns: Sequence[int]) -> Words:
    mixed = words.copy()
    mixed[:, columns] = others[:, columns]
    return mixed


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
