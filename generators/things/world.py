"""Samples of a ladder, as functions of a part and indices: a thing before a wall, and a sentence about it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Batch, Carrier, LabeledData, Modality
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.worlds.things import Ladder
from spurgen.generators.atlas import ONE, OPAQUE
from spurgen.generators.pictograms.captions import NATURAL
from spurgen.generators.scene import Canvas, Layer, Stamp
from spurgen.generators.streams import (
    Int64,
    Words,
    happens,
    other_than,
    permutation,
    signed,
    stream_key,
    threshold,
    uniform_int,
    words,
)  # fmt: skip
from spurgen.generators.things import topics
from spurgen.generators.things.nouns import THINGS, enlarged, pictures
from spurgen.generators.things.shortcuts import SHORTCUTS
from spurgen.generators.world import ALL, FITTED, JOINT, NOTHING, Samples, World, in_part, world_of

POOLS = ("train", "val", "test")
POOL_OF = {"seen": "train", "calibration": "val"}
SIDE = 76 * ONE // 100  # of a thing, of the canvas's side
LEAN = 90  # in 1/4096 turns
_PICTURE = np.cumsum([thing.pictured for thing in THINGS]) - 1  # of each thing that has one
UNNAMED = "something"
MOMENTS = ((2, NATURAL.words["weather"]), (3, NATURAL.words["days"]))
FORMS = (
    ("There is {thing} in front of {wall} {place}.", "There is {thing} in front of {wall}."),
    ("{place}, you see {thing} with {wall} in the background.", "You see {thing} with {wall} in the background."),
    ("A photo of {thing}, taken {place}, with {wall} behind it.", "A photo of {thing} with {wall} behind it."),
    ("Behind {thing} you can see {wall} {place}.", "Behind {thing} there is {wall}."),
    ("Here is {thing} {place}, next to {wall}.", "Here is {thing}, next to {wall}."),
    ("The picture was taken {place} and shows {thing} against {wall}.", "The picture shows {thing} against {wall}."),
    ("Look, {thing} in front of {wall} {place}!", "Look, {thing} in front of {wall}!"),
    ("Somebody put {thing} in front of {wall} {place}.", "Somebody put {thing} in front of {wall}."),
)
"""Sentences with and without a place."""


@dataclass(frozen=True)
class Drawn:
    """Factors of n samples, int64 (n,): `things` are indices in `THINGS`, `values` those of each shortcut.

    `counter`, bool (n,): where the shortcuts go with another class than the label.
    """

    labels: Int64
    things: Int64
    values: dict[str, Int64]
    env_ids: Int64
    counter: NDArray[np.bool_]


@dataclass(frozen=True)
class ThingsWorld(World):
    """State that all samples of a ladder share."""

    ladder: Ladder

    @property
    def description(self) -> Ladder:
        """The ladder."""
        return self.ladder

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the categories."""
        return self.ladder.categories

    @cached_property
    def values(self) -> dict[str, tuple[str, ...]]:
        """Names of each shortcut's looks, by shortcut."""
        return {name: tuple(SHORTCUTS[name].values[k] for k in shown) for name, shown in self.meanings.items()}

    @cached_property
    def goes(self) -> dict[str, NDArray[np.bool_]]:
        """Which values go with which class, bool (V, K): value k with class k, the last ones with none."""
        table = np.eye(self.ladder.num_values, self.ladder.num_classes, dtype=bool)
        return dict.fromkeys(self.ladder.shortcuts, table)

    def draw(
        self, part: str, indices: Int64 | range | list[int], carriers: Collection[Carrier] = ALL,
        form: int | None = None,
    ) -> Samples:  # fmt: skip
        """Return samples of a part; see `World.draw`.

        `channel_values` are numbers of values, of which value k goes with class k. `group_ids` is `2 * label`, plus 1
        where the shortcuts go with another class than the label; in free and neutral parts nothing is added. With
        `form` all captions have that form of `FORMS` and no second sentence.
        """
        split, where, made = _drawn(self, part, in_part(self.ladder, part, indices))
        images = "image" in carriers and "image" in self.ladder.carriers
        inputs = Batch(
            _images(self, split, where, made) if images else None,
            _captions(self, split, where, made, form) if "caption" in carriers else None,
        )
        return Samples(inputs, made.labels, made.values, made.env_ids, 2 * made.labels + made.counter)

    def phrase(self, shortcut: str, value: int) -> str:
        """Return how a caption names a shortcut's value: the value's name if it has several looks or captions none."""
        kind = SHORTCUTS[shortcut]
        names = kind.values if kind.variants > 1 else kind.phrases or kind.values
        return names[int(self.meanings[shortcut][value])]

    def labeled(self, modality: Modality, split: str, samples: Samples) -> LabeledData:
        """Return what training may know; where shortcuts are missing, with which class the others go, or K."""
        known = super().labeled(modality, split, samples)
        if self.ladder.shown == 1:
            return known
        told = np.stack([samples.channel_values[name] for name in self.ladder.annotated_in(modality)])
        none = self.ladder.num_classes
        joint = np.minimum(told[(told < none).argmax(axis=0), np.arange(told.shape[1])], none)
        return replace(known, channel_values={JOINT: joint})

    def shown(self, split: str, counterexamples: int, rows: range, samples: Samples) -> Int64:
        """Return the classes shown, int64 (n,)."""
        if not self.ladder.label_noise or split != "train":
            return samples.labels
        clean = self.ladder.model_copy(update={"label_noise": 0.0})
        return world_of(clean).rows(split, counterexamples, rows, NOTHING).labels

    def words(self, split: str, name: str, indices: Int64, blocks: int = 1) -> Words:
        """Return the words of these samples of a split in a stream: uint64 (n, 4 * blocks)."""
        return words(stream_key(self.ladder.suite, self.ladder.seed, split, name), indices, blocks)

    @cached_property
    def meanings(self) -> dict[str, Int64]:
        """What each of a shortcut's values is, as an index in `Shortcut.values`: int64 (V,)."""
        drawn = {}
        for name in self.ladder.shortcuts:
            key = stream_key(self.ladder.suite, self.ladder.aligning_seed, "shortcut", name)
            drawn[name] = permutation(key, len(SHORTCUTS[name].values))[: self.ladder.num_values]
        return drawn

    @cached_property
    def looks(self) -> dict[str, tuple[Int64, Int64]]:
        """The looks of each of a shortcut's values, int64 (V, variants): in train and val, and elsewhere."""
        here, there = self.ladder.variants
        drawn = {}
        for name, meanings in self.meanings.items():
            kind = SHORTCUTS[name]
            keys = [
                stream_key(self.ladder.suite, self.ladder.aligning_seed, "looks", name, k) for k in meanings.tolist()
            ]
            looks = np.stack([permutation(key, kind.variants) for key in keys]) + kind.variants * meanings[:, None]
            drawn[name] = looks[:, :here], looks[:, here : here + there] if there else looks[:, :here]
        return drawn

    def look(self, split: str, name: str, place: Int64, values: Int64) -> Int64:
        """Draw the look of a shortcut's value at each place of a split: int64 (n,)."""
        looks = self.looks[name][split not in FITTED]
        count, which = looks.shape[1], np.zeros(len(place), np.int64)
        if count > 1:
            which = uniform_int(self.words(split, f"look/{name}", place)[:, 0], count)
        drawn: Int64 = looks[values, which]
        return drawn

    @cached_property
    def pools(self) -> dict[str, list[Int64]]:
        """Indices in `THINGS` of the things that each pool shows, by class."""
        pools: dict[str, list[Int64]] = {pool: [] for pool in POOLS}
        for category in self.ladder.categories:
            alike = [(k, thing) for k, thing in enumerate(THINGS) if thing.category == category]
            usable = [k for k, thing in alike if thing.pictured or "image" not in self.ladder.carriers]
            numbers = np.array([k for k in usable if THINGS[k].name not in self.ladder.without], np.int64)
            key = stream_key(self.ladder.suite, self.ladder.aligning_seed, "things", category)
            order = numbers[permutation(key, len(numbers))]
            ends = np.cumsum(self.ladder.things) * len(order) // 1000
            for pool, part in zip(POOLS, np.split(order, ends), strict=True):
                pools[pool].append(part)
        return pools

    def of_pool(self, pool: str, labels: Int64, word: Words) -> Int64:
        """Draw a thing of each label from a pool."""
        members = self.pools[pool]
        sizes = np.array([len(m) for m in members])
        starts = np.cumsum(sizes) - sizes
        things: Int64 = np.concatenate(members)[starts[labels] + uniform_int(word, sizes[labels])]
        return things


def check(ladder: Ladder) -> None:
    """Raise `ScenarioError` if the ladder cannot be drawn as described."""
    where = f"scenario {ladder.name}"
    known = sorted({thing.category for thing in THINGS})
    for category in ladder.categories:
        if category not in known:
            raise ScenarioError(
                f"{where}: there are no things of category {category!r}; choose from {', '.join(known)}"
            )
    for name, carrier in ladder.shortcuts.items():
        if name not in SHORTCUTS:
            raise ScenarioError(f"{where}: unknown shortcut {name!r}; choose from {', '.join(SHORTCUTS)}")
        kind = SHORTCUTS[name]
        shown = {"image": kind.paint is not None, "caption": bool(kind.phrases)}
        missing = [half for half in shown if carrier in (half, "both") and not shown[half]]
        if missing:
            raise ScenarioError(f"{where}: shortcut {name} cannot be shown in the {missing[0]}")
        if sum(ladder.variants) > kind.variants:
            raise ScenarioError(
                f"{where}: {name} has {kind.variants} looks of each value, and variants needs {sum(ladder.variants)}"
            )
        if len(kind.values) < ladder.num_values:
            raise ScenarioError(
                f"{where}: {name} has {len(kind.values)} values, but {ladder.num_classes} classes need "
                f"{ladder.num_values}: one each, and two that go with none"
            )
    spoken = [name for name, carrier in ladder.shortcuts.items() if carrier != "image"]
    if {name in topics.TOPICS for name in spoken} == {True, False}:
        raise ScenarioError(f"{where}: no caption has both topics ({', '.join(topics.TOPICS)}) and other shortcuts")
    strange = set(ladder.without) - {thing.name for thing in THINGS}
    if strange:
        raise ScenarioError(f"{where}: without: {', '.join(sorted(strange))} is no thing")
    for pool, members in ThingsWorld(ladder).pools.items():
        empty = [c for c, part in zip(ladder.categories, members, strict=True) if not len(part)]
        if empty:
            raise ScenarioError(f"{where}: things leaves none of category {empty[0]} for {pool}; change the shares")


def make_world(ladder: Ladder) -> ThingsWorld:
    """Check and prepare a ladder; raise `ScenarioError` if it cannot be drawn as described."""
    check(ladder)
    return ThingsWorld(ladder)


def sample_part(
    ladder: Ladder, part: str, indices: Int64 | range | list[int], carriers: Collection[Carrier] = ALL
) -> Samples:
    """Return samples of a part of a ladder; see `ThingsWorld.draw`.

    Raises `ScenarioError` for an unknown part, an impossible ladder, or indices that the part does not have.
    """
    return world_of(ladder).draw(part, indices, carriers)


def _drawn(world: ThingsWorld, part: str, indices: Int64) -> tuple[str, Int64, Drawn]:
    """Return the split whose streams a part's samples use, their places in it, and their factors."""
    ladder, classes = world.ladder, world.ladder.num_classes
    split, _, state = part.partition("/")
    place = indices
    if state == "counter":
        place = (ladder.train if split == "train" else ladder.val) - 1 - indices
    elif state in ladder.shortcuts:
        place = indices % (classes * ladder.twins_per_class)
    picks = world.words(split, "thing", place)
    order = np.array(ladder.class_order) if split in FITTED else np.arange(classes)
    base = order[place % len(order)]
    shown, rival = base, other_than(picks[:, 1], base, classes)
    misleads = np.full(len(place), state in ("counter", "mislead"))
    if split == "calibration":
        misleads = place // classes % 2 == 1
    hidden = np.full(len(place), state == "hidden") if split in ("train", "val") else misleads
    values = {
        name: _values(
            world, split, state, name, place, np.where(hidden if name in ladder.hidden else misleads, rival, shown)
        )
        for name in ladder.shortcuts
    }
    if state in values:
        values[state] = indices // (classes * ladder.twins_per_class)
    things = world.of_pool(POOL_OF.get(split, split), shown, picks[:, 0])
    if state == "thing":
        shown = other_than(picks[:, 2], shown, classes)
        things = world.of_pool("test", shown, picks[:, 3])
        misleads = ~misleads  # shortcuts stay those of the previous class
    labels, environments = _noisy(world, split, place, shown), _environments(world, split, indices, misleads)
    told = [values[name] for name in ladder.active if name not in ladder.hidden]
    silent = (np.stack(told) >= classes).all(axis=0)
    counter = np.where(
        (labels == shown) | silent | (state == "free"), misleads, np.where(misleads, rival, base) != labels
    )
    return split, place, Drawn(labels, things, values, environments, counter)


def _values(world: ThingsWorld, split: str, state: str, name: str, place: Int64, voted: Int64) -> Int64:
    """Return the values of a shortcut: those of the classes `voted`, random ones, or ones that go with no class."""
    ladder = world.ladder
    free, neutral = state == "free" or name not in ladder.active, state == "neutral"
    untidy = split in FITTED and not state and (ladder.shown < 1 or ladder.bare > 0)
    if not free and not neutral and not untidy:
        return voted
    word = world.words(split, f"shortcut/{name}", place)
    if free:
        return uniform_int(word[:, 0], ladder.num_values)
    none = ladder.num_classes + uniform_int(word[:, 1], ladder.num_values - ladder.num_classes)
    if neutral:
        return none
    bare = happens(world.words(split, "bare", place)[:, 0], threshold(ladder.bare))
    return np.where(bare | ~happens(word[:, 2], threshold(ladder.shown)), none, voted)


def _noisy(world: ThingsWorld, split: str, place: Int64, shown: Int64) -> Int64:
    """Return the recorded labels; only those of train are noisy."""
    ladder = world.ladder
    if not ladder.label_noise or split != "train":
        return shown
    lots = world.words(split, "noise", place)
    return np.where(
        happens(lots[:, 0], threshold(ladder.label_noise)), other_than(lots[:, 1], shown, ladder.num_classes), shown
    )


def _environments(world: ThingsWorld, split: str, indices: Int64, misleads: NDArray[np.bool_]) -> Int64:
    """Return environments, -1 on test: a quarter of the counterexamples and half of the others lie in environment 0."""
    if split not in ("train", "val"):
        return np.full(len(indices), -1)
    period = len(world.ladder.class_order)
    turn = indices // 4 % 4 if world.ladder.proportions else 0  # else those in environment 0 can be of one class
    return np.where(misleads, indices % 4 != turn, indices // period % 2).astype(np.int64)


def _images(world: ThingsWorld, split: str, place: Int64, made: Drawn) -> NDArray[np.uint8]:
    """Render n pictures, uint8 (n, S, S, 3)."""
    pose = world.words(split, "pose", place, 2)
    scene = Canvas(world.ladder.image_size, len(place), pose[:, 0])
    scene.wall = (150 + signed(pose[:, 1], 45))[:, None] + np.zeros((len(place), 3), np.int64)
    for name, kind in SHORTCUTS.items():
        if kind.paint is not None and world.ladder.shortcuts.get(name, "caption") != "caption":
            looks = world.look(split, name, place, made.values[name])
            kind.paint(scene, looks, lambda blocks, name=name: world.words(split, f"paint/{name}", place, blocks))
    if world.ladder.veil:
        centre, whole, none = (np.full(len(place), number) for number in (ONE // 2, ONE, 0))
        faint = np.full(len(place), threshold(world.ladder.veil) * OPAQUE >> 32)
        scene.layers["veil"] = Layer(
            "veil", none, centre, centre, whole, none, scene.wall, scene.wall, faint, tiled=True
        )
    drift = ONE * world.ladder.drift // 1000
    scene.stamp = Stamp(
        pictures(),
        _PICTURE[made.things],
        ONE // 2 + signed(pose[:, 2], drift),
        ONE // 2 + signed(pose[:, 3], drift),
        enlarged(SIDE * (1000 + signed(pose[:, 4], 80)) // 1000),
        signed(pose[:, 5], LEAN),
        uniform_int(pose[:, 6], 2) == 1,
    )
    return scene.draw()


def _captions(world: ThingsWorld, split: str, place: Int64, made: Drawn, form: int | None) -> list[str]:
    """Write n captions: a sentence with topics; or one about the wall, and an uninformative second one."""
    ladder = world.ladder
    nuisance = world.words(split, "caption", place)
    named = happens(nuisance[:, 1], threshold(ladder.named)) if ladder.named < 1 else np.ones(len(place), bool)
    things = [THINGS[k].noun if seen else UNNAMED for k, seen in zip(made.things.tolist(), named.tolist(), strict=True)]
    said = {
        name: [SHORTCUTS[name].phrases[k] for k in world.look(split, name, place, made.values[name]).tolist()]
        for name, carrier in ladder.shortcuts.items() if carrier != "image"
    }  # fmt: skip
    if said.keys() & topics.TOPICS.keys():
        spoken = {name: said.get(name, [unsaid] * len(place)) for name, unsaid in topics.UNSAID.items()}
        forms = _forms(nuisance, len(topics.FORMS), form)
        rows = zip(*spoken.values(), strict=True)
        return [
            _sentence(topics.FORMS[f], thing=thing, **dict(zip(spoken, row, strict=True)))
            for f, thing, row in zip(forms, things, rows, strict=True)
        ]
    plain = {"hue": "", "wall": "wall", "place": ""}
    hues, walls, places = (said.get(name, [unsaid] * len(place)) for name, unsaid in plain.items())
    weather, days = ([words[k] for k in uniform_int(nuisance[:, at], len(words)).tolist()] for at, words in MOMENTS)
    columns = zip(_forms(nuisance, len(FORMS), form), things, hues, walls, places, weather, days, strict=True)
    return [
        _wall_sentence(FORMS[f][not spot], thing, f"{hue} {wall}".strip(), spot)
        + (f" It was a {sky} {day}." if form is None else "")
        for f, thing, hue, wall, spot, sky, day in columns
    ]


def _forms(nuisance: Words, count: int, form: int | None) -> list[int]:
    return uniform_int(nuisance[:, 0], count).tolist() if form is None else [form] * len(nuisance)


def _wall_sentence(form: str, thing: str, wall: str, place: str) -> str:
    return _sentence(form, thing=thing, wall=f"{'an' if wall[0] in 'aeiou' else 'a'} {wall}", place=place)


def _sentence(form: str, **phrases: str) -> str:
    """Fill a form in, with a capital at its beginning and after "!"."""
    first, *rest = form.format(**phrases).split("! ")
    return "! ".join(text[0].upper() + text[1:] for text in (first, *rest))
