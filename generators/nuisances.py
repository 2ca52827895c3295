"""The nuisances: what varies from sample to sample, and tells nothing about class or channels."""

from collections.abc import Sequence
from types import ModuleType

from spurgen.generators.streams import Int64, Stream, Words
from spurgen.generators.world import World

# Words of a scene's pose, see `Scene`: noise; polarity, tint and level of the wall; place and size of the plate, its
# turn; place, size and lean of the pictogram.
_POSE = {"noise": [0], "tone": [1, 2, 3], "place": [4, 5, 8, 9], "size": [6, 10], "tilt": [7, 11]}
NUISANCES = ("place", "size", "tilt", "tone", "noise", "wording")


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


def nuisance_words(world: World, split: str, indices: Int64, changed: str | None) -> Stream:
    """Return the source of nuisance words of samples: their own, or with `changed`, one or `all` of them redrawn."""
    base = world.stream(split, indices)
    if changed is None:
        return base
    other = world.stream(split, indices, "/placebo")
    return other if changed == "all" else _redrawn(base, other, changed, world.kinds)
