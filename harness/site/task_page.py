"""A page per task: what decides the class, its shortcuts, scenes and twins, and its board."""

from collections.abc import Sequence
from typing import NamedTuple

from spurgen.benchmark.scenario_tables import Strength
from spurgen.benchmark.task import Task
from spurgen.generators import class_names, sample
from spurgen.harness.machine.printing import and_list
from spurgen.harness.site.material import Material
from spurgen.harness.site.names import shown
from spurgen.harness.site.pictures import Pictures, Scene, scenes
from spurgen.harness.site.tables import board_table, of_patterns
from spurgen.harness.site.values import goes_with, other_value, value_name

SCENES = 6  # of training


class Pictured(NamedTuple):
    """A scene and what it shows."""

    scene: Scene
    title: str
    about: str


class Shortcut(NamedTuple):
    """A channel: how many values it has, where it is, and how strongly it goes with the class by environment."""

    name: str
    values: int
    carrier: str
    strength: str
    hidden: bool


def task_page(material: Material, pictures: Pictures, name: str) -> dict[str, object]:
    """Return what the template of a task's page shows."""
    task = material.suite.tasks[name]
    world = task.in_world(0)
    return {
        "name": name,
        "task": task,
        "classes": class_names(task.scenario),
        "shortcuts": [_shortcut(task, channel) for channel in task.channels],
        "train": _train(pictures, world),
        "twins": _twins(pictures, world),
        "board": board_table(material, name),
        "patterns": {shown(line["submission"]): of_patterns(task, line) for line in material.lines[name]},
    }


def _shortcut(task: Task, name: str) -> Shortcut:
    channel = task.scenario.channels[name]
    by_environment = {
        each.name: _text(each.strength.get(name, channel.strength)) for each in task.scenario.environments
    } or {"": _text(channel.strength)}
    strength = ", ".join(f"{where} {text}".strip() for where, text in by_environment.items())
    carrier = {"image": "image", "caption": "caption", "both": "image and caption"}[channel.carrier]
    return Shortcut(name, channel.values, carrier, strength, name not in task.annotated)


def _text(strength: Strength) -> str:
    return " / ".join(f"{each:g}" for each in strength) if isinstance(strength, tuple) else f"{strength:g}"


def _train(pictures: Pictures, task: Task) -> list[Pictured]:
    """Return training scenes, in the order in which training sees them."""
    made = sample(task.scenario, "train", range(SCENES), images=False, captions=False)
    numbers = (made.group_ids % task.scenario.num_patterns).tolist()
    every = list(task.scenario.channels)
    made_again = scenes(pictures, task, range(SCENES), split="train")
    return [
        Pictured(scene, scene.label, _conflicts([n for n in task.channels if number >> every.index(n) & 1]))
        for scene, number in zip(made_again, numbers, strict=True)
    ]


def _conflicts(names: Sequence[str]) -> str:
    return f"{and_list(list(names))} conflict{'s' * (len(names) == 1)}" if names else "all shortcuts agree"


def _twins(pictures: Pictures, task: Task) -> list[Pictured]:
    """Return a test sample and its twins in which one thing changes: a channel, or the class."""
    base = scenes(pictures, task, [0])[0]
    label = class_names(task.scenario).index(base.label)
    found = [Pictured(base, "test sample", base.label)]
    for name in task.channels:
        value = other_value(task, name, label, base.values[name])
        scene = scenes(pictures, task, [0], "channel", name, value)[0]
        about = f"still {base.label}; {value_name(task, name, value)} goes with {goes_with(task, name, value)}"
        found.append(Pictured(scene, f"{name} changed", about))
    other = scenes(pictures, task, [0], "core")[0]
    return [*found, Pictured(other, "class changed", other.label)]
