"""A page per ladder: what it asks, its scenes, and who solves it."""

from collections.abc import Sequence
from typing import NamedTuple

from spurgen.benchmark.task import Rung
from spurgen.harness.board.columns import needed_words
from spurgen.harness.machine.printing import and_list
from spurgen.harness.site.boards import spoken
from spurgen.harness.site.climbing import climbing
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.index_page import curve, winners
from spurgen.harness.site.material import Material
from spurgen.harness.site.names import file_name
from spurgen.harness.site.scenes import Scene, Scenes, marked
from spurgen.harness.site.story import training
from spurgen.harness.site.twins import BASE, SWITCHED
from spurgen.harness.site.words import WHAT, percent, what

MEDIA = {"text": "caption", "image": "picture", "multimodal": "picture with its caption"}


class Pictured(NamedTuple):
    """A scene and what it shows."""

    scene: Scene
    title: str
    about: str


def ladder_page(material: Material, scenes: Scenes, figures: Figures, name: str) -> dict[str, object]:
    """Return the content of the template of a ladder's page."""
    climb = material.ladders[name]
    rung, world = climb.shown, climb.shown.in_world(0)
    train = [Pictured(each, each.label, "shortcuts agree") for each in training(climb, scenes, 0)]
    counter = scenes.scene(world, "train/counter", 0)
    lines = [line for line in material.lines[name] if not line.get("reason")]
    numbered = [line for line in lines if needed_words(line)]
    return {
        "name": name,
        "title": spoken(climb),
        "others": [(other, file_name(other)) for other in material.ladders],
        "asks": _asks(rung, climb.numbers),
        "train": [*train, Pictured(counter, counter.label, "a counterexample")],
        "twins": _twins(scenes, world),
        "curve": curve(material, climb, figures) if climb.main and len(climb.rungs) > 1 else None,
        "climbing": climbing(material, climb),
        "winners": winners(material, climb),
        "solved": (sum(not needed_words(line).startswith("more") for line in numbered), len(numbered)),
        "top": climb.rungs[-1].counterexamples,
        "ladder": rung.ladder,
    }


def ladders_page(material: Material, scenes: Scenes) -> dict[str, object]:
    """Return the content of the list of ladders: for each its question, and a test scene with its twin."""
    return {
        "ladders": [
            {
                "file": file_name(name),
                "title": spoken(climb),
                "asks": _asks(climb.shown, climb.numbers),
                "twins": _twins(scenes, climb.shown.in_world(0))[:2],
            }
            for name, climb in material.ladders.items()
        ]
    }


def _asks(rung: Rung, numbers: Sequence[int]) -> str:
    ladder, one = rung.ladder, len(rung.channels) == 1
    rungs, names = (and_list(each, "or") for each in ([f"{m}" for m in numbers], ladder.categories))
    return (
        f"Name what a {MEDIA[rung.modality]} shows: {names}, of things that training lacks. "
        f"In training {what(rung.channels)} {'goes' if one else 'go'} with the category except in {rungs} of "
        f"{ladder.train:,} samples, the counterexamples; in the test {'it points' if one else 'they point'} to another "
        f"category.{' Other scenery varies at random.' if one else ''}{_more(rung)}"
    )


def _more(rung: Rung) -> str:
    names = [name for name in rung.channels if name not in rung.annotated]
    hidden = f" Of {what(names)}, training is not told." if names else ""
    wrong = f" {percent(rung.ladder.label_noise)} of the training labels are wrong." if rung.ladder.label_noise else ""
    return hidden + wrong + (" Methods train the whole encoder here." if rung.backbone == "finetuned" else "")


def _twins(scenes: Scenes, world: Rung) -> list[Pictured]:
    """Return a test sample, and the same with the shortcuts of another class, with neutral ones, and one at a time."""
    base = scenes.scene(world, BASE, 0)
    size = world.num_classes * world.ladder.twins_per_class
    rival = 1  # the class of sample 0 is the first
    alone = world.channels if len(world.channels) > 1 else ()
    misleads, go = ("all shortcuts mislead", "all go") if alone else (f"{what(world.channels)} misleads", "it goes")
    rest = [
        (SWITCHED, 0, misleads, f"{go} with another class"),
        ("test/neutral", 0, "neutral", f"{go} with no class"),
        *((f"test/{name}", rival * size, WHAT.get(name, name), "alone misleads") for name in alone),
        ("test/thing", 0, "another thing", "shortcuts stay"),
    ]
    made = [(scenes.scene(world, part, index), title, about) for part, index, title, about in rest]
    return [
        Pictured(base, "test scene", "shortcuts agree"),
        *(
            Pictured(Scene(each.label, each.picture, marked(base.words, each.words)), title, about)
            for each, title, about in made
        ),
    ]
