"""Pictures of scenes, made again by the generator and named by their content."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spurgen.benchmark.task import Task
from spurgen.generators import Samples, TwinKind, class_names, sample, twins
from spurgen.harness.running.task_data import halves_of

FOLDER = "pictures"


@dataclass(frozen=True)
class Scene:
    """A sample as a page shows it: the path of its picture and its caption, as far as the modality has them.

    `label`: name of its class. `values`: of every channel.
    """

    picture: str | None
    caption: str | None
    label: str
    values: dict[str, int]


@dataclass
class Pictures:
    """The pictures that pages show, PNG by path from the site's folder; equal ones are one file.

    `scenes`, `bases`: scenes and factors of test samples made so far, since rows get the same samples wrong.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    scenes: dict[tuple[object, ...], Scene] = field(default_factory=dict)
    bases: dict[tuple[object, ...], Samples] = field(default_factory=dict)

    def add(self, pixels: NDArray[np.uint8]) -> str:
        """Keep an image, uint8 (S, S, 3), and return its path, which names its pixels.

        Five bits per level are kept, since noise does not compress.
        """
        shown = pixels & 0xF8 | pixels >> 5
        name = f"{FOLDER}/{hashlib.sha256(shown.tobytes()).hexdigest()[:16]}.png"
        if name not in self.files:
            buffer = io.BytesIO()
            Image.fromarray(shown).save(buffer, "PNG", optimize=True)
            self.files[name] = buffer.getvalue()
        return name


def bases(pictures: Pictures, task: Task, seed: int, count: int) -> Samples:
    """Return the first test samples of a task in the world of a training seed, without images and captions."""
    key = (task.scenario.suite, task.scenario.name, seed, count)
    if key not in pictures.bases:
        world = task.in_world(seed).scenario
        pictures.bases[key] = sample(world, "test", range(count), images=False, captions=False)
    return pictures.bases[key]


def scenes(
    pictures: Pictures, task: Task, indices: Sequence[int], kind: TwinKind | None = None, channel: str | None = None,
    value: int | None = None, split: str = "test",
) -> list[Scene]:  # fmt: skip
    """Make samples, or with `kind` their twins, in one world of a task; arguments as those of `twins`."""
    about = (task.scenario.name, task.modality, split, kind, channel, value)
    missing = [index for index in indices if (*about, index) not in pictures.scenes]
    if missing:
        halves = halves_of(task)
        if kind:
            made = twins(task.scenario, split, missing, kind, channel, value, **halves)
        else:
            made = sample(task.scenario, split, missing, **halves)
        for k, index in enumerate(missing):
            pictures.scenes[*about, index] = _scene(pictures, task, made, k)
    return [pictures.scenes[*about, index] for index in indices]


def _scene(pictures: Pictures, task: Task, made: Samples, k: int) -> Scene:
    return Scene(
        pictures.add(made.images[k]) if task.modality != "text" else None,
        made.captions[k] if task.modality != "image" else None,
        class_names(task.scenario)[int(made.labels[k])],
        {name: int(column[k]) for name, column in made.channel_values.items()},
    )
