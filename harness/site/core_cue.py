"""The core cue of a task in words, and the nouns of its captions."""

from collections.abc import Iterator, Mapping

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.suite import Task
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.factors import num_pictograms
from spurgen.generators.naming import second_parts
from spurgen.generators.natural_captions import NOUNS as NATURAL_NOUNS
from spurgen.generators.nouns import HIDDEN, NOUNS
from spurgen.generators.pictograms import pictogram_names

PICTOGRAM = "a pictogram on a plate before a wall"


def nouns(task: Task) -> Mapping[str, str]:
    """Return the nouns by which captions name each pictogram, the most frequent first; empty if they name none."""
    scenario = task.scenario
    if task.modality == "image" or scenario.core_carrier == "image":
        return {}
    table = NATURAL_NOUNS if scenario.captions == "natural" else NOUNS
    return {name: ", ".join(table[name]) for name in pictogram_names(scenario)[: num_pictograms(scenario)]}


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
        yield f"{kind[0].upper()}{kind[1:]} is {_either(second_parts(scenario))}."
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
