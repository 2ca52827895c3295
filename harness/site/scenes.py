"""Scenes and twins as pages show them, made again by the generator, and the first page's example.

The example is a scene whose twin a model calls something else, chosen by a rule. The ladder is the first that shows
pictures, or else the first. The model is ERM, or else the row with the lowest score, trained with the fewest
counterexamples above 0. Of each world, single shortcut, class and rival class, the share of answers counts that follow
the shortcut from the one to the other; if no share of a single shortcut reaches one half, all shortcuts together count
instead. The largest share wins, and of its scenes the first that is lost, whose picture changes enough in lightness to
be seen without colours; if it does not, the next share; if none does, the largest.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from spurgen.benchmark.contract import CARRIERS_OF
from spurgen.benchmark.task import Task
from spurgen.generators.world import world_of
from spurgen.harness.board.placing import ERM
from spurgen.harness.plots.ladder import Shown, draw_story
from spurgen.harness.site.material import BASE, Climb, Material, Read, followed
from spurgen.harness.site.words import ALL, because, percent, spoken_name, what

FOLDER = "pictures"
QUALITY = 60  # of WebP: a scene of 224 pixels takes 4 kB
Words = tuple[tuple[str, bool], ...]
ENOUGH = 0.5  # of the answers
LIGHTNESS = 0.1  # of the scale, mean difference between two pictures
LUMA = np.array((0.299, 0.587, 0.114)) / 255
PER_CLASS = 2  # training scenes


@dataclass(frozen=True)
class Scene:
    """A sample as a page shows it: the path of its picture and the words of its caption, as its modality has them.

    `words`: each with whether it is marked. `label`: the category of its thing.
    """

    label: str
    picture: str | None = None
    words: Words = ()
    pixels: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)

    @property
    def caption(self) -> str:
        """The caption as text."""
        return " ".join(word for word, _ in self.words)


@dataclass
class Scenes:
    """The pictures that pages show, WebP by path from the site's folder, and the scenes made so far."""

    files: dict[str, bytes] = field(default_factory=dict)
    made: dict[tuple[str, str, str, int], Scene] = field(default_factory=dict)

    def scene(self, rung: Task, part: str, index: int) -> Scene:
        """Return a sample of a part of a rung's world."""
        key = (rung.scenario.name, rung.modality, part, index)
        if key not in self.made:
            world = world_of(rung.scenario)
            sample = world.draw(part, [index], CARRIERS_OF[rung.modality])
            pixels = None if sample.inputs.images is None else sample.images[0]
            self.made[key] = Scene(
                world.class_names[int(sample.labels[0])],
                None if pixels is None else self._add(pixels),
                tuple((word, False) for caption in sample.captions for word in caption.split()),
                pixels,
            )
        return self.made[key]

    def _add(self, pixels: NDArray[np.uint8]) -> str:
        name = f"{FOLDER}/{hashlib.sha256(pixels.tobytes()).hexdigest()[:16]}.webp"
        if name not in self.files:
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "WEBP", quality=QUALITY)
            self.files[name] = buffer.getvalue()
        return name


def marked(before: Words, after: Words) -> Words:
    """Return the words of a caption; a word is marked if another caption lacks it, at any place."""
    known = {_bare(word) for word, _ in before}
    return tuple((word, _bare(word) not in known) for word, _ in after)


def _bare(word: str) -> str:
    return word.strip(".,:?!").lower()


@dataclass(frozen=True)
class Twins:
    """A scene and its twin, a row's answers to them, and what changed: `because` completes `It says animal because`."""

    base: Scene
    twin: Scene
    before: str
    after: str
    changed: str
    because: str


@dataclass(frozen=True)
class Story:
    """The example: `label` of the row that loses it, its ladder, training scenes of its world, and the twins.

    `share`: the share of the row's answers to such twins that follow. `often`: the same of all twins, by what changed.
    """

    label: str
    climb: Climb
    train: Sequence[Scene]
    twins: Twins
    share: float
    often: Mapping[str, float]

    @property
    def title(self) -> str:
        """The example in a sentence."""
        return f"It says “{self.twins.after}” because {self.twins.because}."

    @property
    def extreme(self) -> str:
        """How often such and other twins turn the row's answers."""
        changed, every = self.twins.changed, percent(self.often[ALL])
        one = "" if changed == ALL else f"{what([changed])} alone turns {percent(self.often[changed])}, "
        return f"An extreme case, {percent(self.share)}; on average {one}all shortcuts {'turn ' * (not one)}{every}."

    def figure(self, names: Mapping[str, str]) -> Figure:
        """Draw the example with the curve; `names`: full names by label."""
        who, twins = spoken_name(self.label, names), self.twins
        train, both = (
            [Shown(each.pixels, each.caption) for each in part] for part in (self.train, (twins.base, twins.twin))
        )
        answers = (f"{who}: {twins.before} ✓", f"{who}: {twins.after} ✗")
        return draw_story(self.title, train, both, answers, self.extreme, self.climb, names)


def find_story(material: Material, scenes: Scenes) -> Story | None:
    """Return the example by the rule above, None if no row has stored answers that follow a shortcut."""
    for climb in sorted(material.ladders.values(), key=lambda climb: not climb.pictured):
        reads = {label: read for label, read in material.reads[climb.name].items() if read}
        score = {line["submission"]: line.get("robust_accuracy") or 0.0 for line in material.lines[climb.name]}
        label = min(reads, key=lambda label: (label != ERM, score.get(label, 0.0), label), default="")
        lost = _candidates(reads.get(label, ()))
        seen = (pair for pair in lost if visible(make_twins(climb, scenes, pair[1], pair[2])))
        if lost:
            share, read, k = next(seen, lost[0])
            twins = make_twins(climb, scenes, read, k)
            return Story(label, climb, training(climb, scenes, read.world), twins, share, followed(reads[label]))
    return None


def _candidates(reads: Sequence[Read]) -> list[tuple[float, Read, int]]:
    """Return shares, largest first, with the first pair of each that is lost."""
    found = []
    for read in reads:
        pairs = read.pairs
        keys = np.stack([pairs.shortcut, pairs.label, pairs.rival], axis=1)
        for key in np.unique(keys, axis=0):
            members = (keys == key).all(axis=1)
            lost = np.flatnonzero(members & read.lost)
            if len(lost):
                found.append((float(read.followed[members].mean()), int(key[0]), read, int(lost[0])))
    single = [each for each in found if each[1] and each[0] >= ENOUGH]
    chosen = single or [each for each in found if not each[1]] or found
    chosen.sort(key=lambda each: (-each[0], each[2].world, each[3]))
    return [(share, read, k) for share, _, read, k in chosen]


def training(climb: Climb, scenes: Scenes, world: int) -> list[Scene]:
    """Return training scenes of a world in which shortcuts agree with the class, class by class."""
    rung = climb.shown.in_world(world)
    labels = world_of(rung.scenario).factors("train").labels
    return [
        scenes.scene(rung, "train", int(k))
        for label in range(rung.num_classes) for k in np.flatnonzero(labels == label)[:PER_CLASS]
    ]  # fmt: skip


def make_twins(climb: Climb, scenes: Scenes, read: Read, k: int) -> Twins:
    """Return the scene and the twin of a pair that a row loses."""
    rung, pairs = climb.shown.in_world(read.world), read.pairs
    base = scenes.scene(rung, BASE, int(pairs.place[k]))
    twin = scenes.scene(rung, pairs.part(k), int(pairs.twin[k]))
    changed, categories = pairs.names[pairs.shortcut[k]], world_of(rung.scenario).class_names
    rival = int(pairs.rival[k])
    return Twins(
        base=_with_words(base, twin),
        twin=_with_words(twin, base),
        before=categories[int(pairs.label[k])],
        after=categories[rival],
        changed=changed,
        because=because(rung, changed, rival),
    )


def _with_words(scene: Scene, other: Scene) -> Scene:
    return Scene(scene.label, scene.picture, marked(other.words, scene.words), scene.pixels)


def visible(twins: Twins) -> bool:
    """Return whether two pictures differ in lightness; captions always show what changed."""
    if twins.base.pixels is None or twins.twin.pixels is None:
        return True
    before, after = (pixels @ LUMA for pixels in (twins.base.pixels, twins.twin.pixels))
    return float(np.abs(before - after).mean()) >= LIGHTNESS
