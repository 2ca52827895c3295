"""The example of the first page: a scene whose twin a model calls something else, chosen by a rule.

The rule. The ladder is the first that shows pictures, or else the first. The model is ERM, or else the row with the
lowest score, trained with the fewest counterexamples above 0. Of each world, single shortcut, class and rival class,
the share of answers counts that follow the shortcut from the one to the other; if no share of a single shortcut reaches
one half, all shortcuts together count instead. The largest share wins, and of its scenes the first that is lost, whose
picture changes enough in lightness to be seen without colours; if it does not, the next share; if none does, the
largest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.plots.story import Shown, draw_story
from spurgen.harness.site.material import Climb, Material
from spurgen.harness.site.scenes import Scene, Scenes, marked
from spurgen.harness.site.twins import BASE, Read, followed
from spurgen.harness.site.words import ALL, because, percent, spoken_name, what

ENOUGH = 0.5  # of the answers
LIGHTNESS = 0.1  # of the scale, mean difference between two pictures
LUMA = np.array((0.299, 0.587, 0.114)) / 255
PER_CLASS = 2  # training scenes


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
    classes = rung.num_classes
    return [scenes.scene(rung, "train", k + classes * n) for k in range(classes) for n in range(PER_CLASS)]


def make_twins(climb: Climb, scenes: Scenes, read: Read, k: int) -> Twins:
    """Return the scene and the twin of a pair that a row loses."""
    rung, pairs = climb.shown.in_world(read.world), read.pairs
    base = scenes.scene(rung, BASE, int(pairs.place[k]))
    twin = scenes.scene(rung, pairs.part(k), int(pairs.twin[k]))
    changed, categories = pairs.names[pairs.shortcut[k]], rung.ladder.categories
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
