"""The core cue of a task: names of its classes by what is shown, and the cue in words."""

from collections.abc import Iterator, Mapping

import numpy as np

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.suite import Task
from spurgen.generators import class_names
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.factors import draw_factors, first_part, num_pictograms, whole_class
from spurgen.generators.natural_captions import NOUNS as NATURAL_NOUNS
from spurgen.generators.nouns import HIDDEN, NOUNS
from spurgen.generators.world import make_world

PICTOGRAM = "a pictogram on a plate before a wall"


def classes(task: Task) -> tuple[str, ...]:
    """Return the names of a task's classes by label: `heart`, or all that shows a class, `red heart / blue key`.

    A second part that is no look of the pictogram is joined to it by a plus; its names are those of `second_parts`.
    """
    scenario = task.scenario
    if scenario.second_part is None:
        return class_names(scenario)
    first, second = np.divmod(np.arange(num_pictograms(scenario) * (count := len(second_parts(task)))), count)
    order = np.lexsort((first, second))
    whole = whole_class(scenario, first, second)
    return tuple(
        " / ".join(_both_parts(task, first[k], second[k]) for k in order if whole[k] == label)
        for label in range(scenario.num_classes)
    )


def shown_parts(task: Task, split: str, index: int) -> str | None:
    """Return which of the names joined in its class's a sample shows, `blue key`; None if the class has only one."""
    scenario, world = task.scenario, make_world(task.scenario)
    if scenario.second_part is None or scenario.second_part.rule == "pair":
        return None
    factors = draw_factors(world, split, np.array([index]))
    first = first_part(scenario, factors.core, factors.second)
    return _both_parts(task, first[0], factors.second[0])


def _both_parts(task: Task, first: int, second: int) -> str:
    part = task.scenario.second_part
    is_look = part is not None and getattr(discover(CHANNELS)[part.kind], "NEEDS_PICTOGRAM", False)
    pictogram, other = class_names(task.scenario)[first], list(second_parts(task))[second]
    return f"{other} {pictogram}" if is_look else f"{pictogram} + {other}"


def second_parts(task: Task) -> Mapping[str, list[str]]:
    """Return the values that show each second part by its name: the value, or the first of several with dots."""
    part = task.scenario.second_part
    if part is None:
        return {}
    values = discover(CHANNELS)[part.kind].VALUES[: part.values - part.values % part.combinations]
    shown = [list(values[second :: part.combinations]) for second in range(part.combinations)]
    return {found[0] + ("\N{HORIZONTAL ELLIPSIS}" if len(found) > 1 else ""): found for found in shown}


def nouns(task: Task) -> Mapping[str, str]:
    """Return the nouns by which captions name each pictogram, the most frequent first; empty if they name none."""
    scenario = task.scenario
    if task.modality == "image" or scenario.core_carrier == "image":
        return {}
    table = NATURAL_NOUNS if scenario.captions == "natural" else NOUNS
    return {name: ", ".join(table[name]) for name in class_names(scenario)[: num_pictograms(scenario)]}


def core_cue(task: Task) -> Iterator[str]:
    """Yield sentences that say what decides the class, and what its parts tell on their own."""
    scenario, part = task.scenario, task.scenario.second_part
    drawn = task.modality != "text" and scenario.core_carrier != "caption"
    named = task.modality != "image" and scenario.core_carrier != "image"
    noun = "the noun in its caption" if drawn else "the noun in a caption"
    cue = " and ".join([PICTOGRAM] * drawn + [noun] * named) or "nothing that this modality shows"
    kind = _kind_in_words(part.kind) if part else ""
    yield f"The class, one of {scenario.num_classes}, is decided by {cue}{f', together with {kind}' if part else ''}."
    if task.modality == "multimodal" and not (drawn and named):
        yield f"Captions say “{HIDDEN}” for the noun." if drawn else "The plate of every image is empty."
    if part:
        yield f"{kind[0].upper()}{kind[1:]} is {_either(second_parts(task))}."
        first, count = "pictogram" if drawn else "noun", part.combinations
        alone = f"leaves {scenario.num_classes // count} open" if part.rule == "pair" else "says nothing"
        yield (
            f"There are {num_pictograms(scenario)} {first}s: each leaves {count} classes open, and {kind} alone "
            f"{alone}, so both must be read."
        )


def _kind_in_words(kind: str) -> str:
    """Return what a kind of channel is, from the first line of its module."""
    line = (discover(CHANNELS)[kind].__doc__ or kind).partition("\n")[0]
    text = line.partition(":")[0].rstrip(".")
    return text[0].lower() + text[1:]


def _either(parts: Mapping[str, list[str]]) -> str:
    """Return second parts with the values that show them, as an alternative."""
    return " or ".join(name if name in shown else f"{name} ({', '.join(shown)})" for name, shown in parts.items())
