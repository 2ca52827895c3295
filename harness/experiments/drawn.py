"""The world of an experiment as its train split was drawn: its channels in a table, and the rest in sentences."""

from collections.abc import Iterator, Mapping

import numpy as np

from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import Scenario, Strength, pictograms
from spurgen.generators.pictograms.factors import Factors, draw_factors, patterns
from spurgen.generators.pictograms.law import shows_core
from spurgen.generators.pictograms.state import state_of
from spurgen.generators.world import world_of
from spurgen.harness.machine.printing import and_list, markdown_table


def draw_train(scenario: Scenario) -> Factors:
    """Draw the factors of every train sample."""
    return draw_factors(state_of(scenario), "train", np.arange(scenario.splits.train))


def rates_table(task: Task, train: Factors) -> str:
    """Return how often each channel goes with the class in train and in each of its environments, as Markdown.

    The strength that the scenario specifies is in brackets: with the class shown under label noise, else with the
    label.
    """
    scenario = pictograms(task.scenario)
    world = state_of(scenario)
    classes = train.core if scenario.noise_kind == "label" else train.labels
    lines = []
    for name in task.channels:
        channel = scenario.channels[name]
        aligned = patterns(world, classes, train.values, (name,)) == 0
        line = {"Shortcut": name, "Values": str(channel.values)}
        stated = "" if scenario.environments else f" ({_asked(channel.strength)})"
        line[f"train, {len(aligned):,}"] = f"{aligned.mean():.2f}{stated}"
        for k, environment in enumerate(scenario.environments):
            here = aligned[train.env_ids == k]
            strength = _asked(environment.strength.get(name, channel.strength))
            line[f"{environment.name}, {len(here):,}"] = f"{here.mean():.2f} ({strength})" if len(here) else "-"
        lines.append(line)
    return markdown_table(lines)


def _asked(strength: Strength) -> str:
    return "by class" if isinstance(strength, tuple) else f"{strength:g}"


def facts(task: Task, train: Factors) -> list[str]:
    """Return sentences on how train shows the class, which combinations it lacks, and how much captions mention."""
    return [*_core(task, train), *_captions(task), *_withheld(pictograms(task.scenario))]


def _core(task: Task, train: Factors) -> Iterator[str]:
    scenario = pictograms(task.scenario)
    if not shows_core(scenario, task.modality):
        yield "Nothing that this modality shows tells the class but the shortcuts."
        return
    if scenario.label_noise:
        share = f"{(train.core != train.labels).mean():.2f} ({scenario.label_noise:g})"
        yield f"The class shown is not the label in {share} of train; on test it always is."
    else:
        yield "The class shown is the label in every sample."
    if scenario.core_visibility < 1:
        share = f"{train.visible.mean():.2f} ({scenario.core_visibility:g})"
        best = f"the best test accuracy without the shortcuts is {scenario.ceiling:.2f}"
        yield f"The class is shown in {share} of train; {best}."
    else:
        yield "The class is shown in every sample."
    for what, times in (("size", scenario.core_size), ("contrast", scenario.core_contrast)):
        if times != 1:
            yield f"The pictogram has {times:g} times its usual {what}."


def _captions(task: Task) -> Iterator[str]:
    if task.modality != "image":
        fidelity = pictograms(task.scenario).caption_fidelity
        yield f"A caption mentions a shortcut {f'with probability {fidelity:g}' if fidelity < 1 else 'always'}."


def _withheld(scenario: Scenario) -> Iterator[str]:
    if not scenario.withheld:
        yield "No combination is withheld from train and val."
    for combination in scenario.withheld:
        yield f"Withheld from train and val: {_in_words(scenario, combination)}."


def _in_words(scenario: Scenario, combination: Mapping[str, int]) -> str:
    names = {**world_of(scenario).values, "class": world_of(scenario).class_names}
    return and_list([f"{name} {names[name][value]}" for name, value in combination.items()])
