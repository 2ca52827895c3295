"""A labelled sheet of samples: what a task's models train on, and what they are tested on."""

import textwrap

import numpy as np
from matplotlib.figure import Figure

from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import pictograms
from spurgen.generators import Samples, sample, world_of
from spurgen.generators.world import NOTHING
from spurgen.harness.plots.style import GREY, styled

COLUMNS = 5
SEARCHED = 200  # train samples among which one of each class is chosen
WRAPPED = 24  # characters that fit below an image
SIDE, LINE_HEIGHT = 1.75, 0.15  # inches
HEADINGS = ("train, as drawn", "test, all shortcuts agree", "test, all shortcuts mislead")


def sample_sheet(task: Task) -> Figure:
    """Draw up to five classes: a train sample, and test samples where all shortcuts agree and mislead."""
    scenario = pictograms(task.scenario)
    shown = min(COLUMNS, scenario.num_classes)
    last = scenario.num_classes * (scenario.num_patterns - 1)
    blocks = [
        sample(scenario, "train", _train_indices(task, shown)),
        sample(scenario, "test", range(shown)),
        sample(scenario, "test", range(last, last + shown)),
    ]
    text = [[label_text(task, block, k) for k in range(len(block.labels))] for block in blocks]
    lines = max(label.count("\n") + 1 for row in text for label in row)
    height = (0.05 if task.modality == "text" else SIDE) + LINE_HEIGHT * (lines + 2)
    title = f"{task.name}: class, and shortcuts\n(✓ agrees with the class, ✗ misleads)"
    with styled():
        figure = Figure(figsize=(max(SIDE * shown, 5.0), 0.7 + len(blocks) * height), layout="constrained")
        figure.suptitle(title)
        grid = figure.subplots(len(blocks), shown, squeeze=False)
        for axes in grid.flat:
            axes.set(xticks=[], yticks=[], title=" ")  # the title keeps room for the heading beside it
            axes.spines[:].set_visible(False)
        for row, block, labels, heading in zip(grid, blocks, text, HEADINGS, strict=True):
            row[0].set_title(heading, loc="left", color=GREY).set_in_layout(False)
            for k, label in enumerate(labels):
                if task.modality != "text":
                    row[k].imshow(block.images[k], interpolation="nearest")
                    row[k].set_xlabel(label, fontsize=8)
                else:
                    row[k].text(0.5, 1, label, transform=row[k].transAxes, ha="center", va="top", fontsize=8)
    return figure


def _train_indices(task: Task, count: int) -> list[int]:
    """Return the index of a train sample for each of the first classes that occurs in train."""
    searched = range(min(SEARCHED, task.num_train))
    labels = world_of(task.scenario).draw("train", searched, NOTHING).labels
    return [int(np.flatnonzero(labels == k)[0]) for k in range(count) if (labels == k).any()]


def label_text(task: Task, samples: Samples, k: int) -> str:
    """Return a sample's class, its channel values, and its caption if the task has captions."""
    world = world_of(task.scenario)
    label = int(samples.labels[k])
    lines = textwrap.wrap(world.class_names[label].upper(), WRAPPED)
    for name in task.channels:
        value = int(samples.channel_values[name][k])
        mark = "✓" if world.goes[name][value, label] else "✗"
        lines.append(f"{name} {world.values[name][value]} {mark}")
    if task.modality != "image":
        caption = samples.captions[k].replace(" ?", "\u00a0?").replace(" !", "\u00a0!")
        lines += textwrap.wrap(f"“{caption}”", WRAPPED)
    return "\n".join(lines)
