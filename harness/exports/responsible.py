"""Facts for a data set's users that Croissant's vocabulary for responsible AI asks for (MLCommons, RAI 1.0)."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from spurgen.benchmark.ladder import Ladder
from spurgen.harness.exports.licences import CREDIT, shows_things
from spurgen.harness.splits.freeze import Description


def responsible(scenarios: Sequence[Description]) -> dict[str, Any]:
    """Return fields of `mlcroissant.Metadata`, for the data of one or more scenarios."""
    origin = "Labels and factors are those from which a sample was drawn."
    credit = f" {CREDIT}" if shows_things(scenarios) else ""
    return {
        "data_collection": "Nothing was collected: a program draws every image and writes every caption from the "
        f"scenario and its seed.{credit}",
        "data_collection_type": ["Others: synthetic data"],
        "data_collection_missing_data": "None: every sample has an image, a caption and all factors.",
        "data_preprocessing_protocol": ["None; images are stored without loss, as PNG."],
        "data_imputation_protocol": "None.",
        "data_annotation_protocol": [origin, *_each(scenarios, _noise)],
        "machine_annotation_tools": ["SpurGen's generator"],
        "data_biases": [*_each(scenarios, _biases), *_each(scenarios, _counterexamples), *_each(scenarios, _test)],
        "data_use_cases": ["Measuring whether a model learned the class or a shortcut, and comparing methods that "
                             "prevent shortcuts."],
        "data_limitations": ["Drawn scenes: what a model does here need not carry over to photographs. English "
                                "captions from a grammar of few sentences."],
        "data_social_impact": "Methods that rely less on shortcuts may also treat groups of people more equally; "
        "results on these data alone do not show that they do.",
        "personal_sensitive_information": ["No people are depicted or described, and no data of people were used."],
        "data_release_maintenance_plan": "The data are a function of the scenario and never change; a fix is a new "
        "version under another name.",
    }  # fmt: skip


def _each(scenarios: Sequence[Description], say: Callable[[Description], str]) -> list[str]:
    """Return the sentences of `say` about scenarios, each once, with the names of the scenarios for which it holds.

    Empty texts are left out.
    """
    said: dict[str, list[str]] = {}
    for scenario in scenarios:
        if text := say(scenario):
            said.setdefault(text, []).append(scenario.name)
    return list(said) if len(said) == 1 else [f"{', '.join(names)}: {text}" for text, names in said.items()]


def _biases(scenario: Description) -> str:
    """Return a sentence on the intended correlations of train and val."""
    names = ", ".join(correlated(scenario))
    if isinstance(scenario, Ladder):
        return f"In train and val these shortcuts go with the label on purpose: {names}."
    even = f" (except for the first {n:,} of val, which are balanced)" if (n := scenario.num_balanced_val) else ""
    which = (
        f"these channels are correlated with the label on purpose: {names}" if names else "no channel tells the label"
    )
    return f"In train and val{even} {which}."


def _counterexamples(scenario: Description) -> str:
    """Return in how many samples of a ladder shortcuts go with another class, and which of them do."""
    if not isinstance(scenario, Ladder):
        return ""
    counts = "; ".join(f"{m} in train and {scenario.val_counterexamples(m)} in val" for m in scenario.rungs)
    them, alone = "all of them", ""
    if scenario.hidden:
        them = ", ".join(name for name in scenario.active if name not in scenario.hidden)
        alone = f" As many others, of which training is not told, are counterexamples of {', '.join(scenario.hidden)}."
    return f"In counterexamples {them} go with one other class; each task has a number of them: {counts}.{alone}"


def _test(scenario: Description) -> str:
    """Return a sentence on the correlations of test."""
    if isinstance(scenario, Ladder):
        return (
            "Test shows each scene with shortcuts that agree with the class, that mislead and that go with none, and "
            "things that train and val never show; the part `seen` has those of train."
        )
    conflicting = scenario.splits.conflicting_per_class * scenario.num_classes
    top = f", and {conflicting:,} samples come on top in which all channels conflict" if conflicting else ""
    return f"In test every class occurs with every alignment pattern equally often{top}."


def correlated(scenario: Description) -> list[str]:
    """Name the channels that are informative about the label in train; on a ladder, the shortcuts that move.

    A channel without correlation shows the value that goes with the label as often as any other.
    """
    if isinstance(scenario, Ladder):
        return list(scenario.active)
    found = []
    for name, channel in scenario.channels.items():
        own = [environment.strength.get(name, channel.strength) for environment in scenario.environments]
        strengths = np.hstack([np.ravel(strength) for strength in own or [channel.strength]])
        if not np.allclose(strengths, channel.unbiased):
            found.append(name)
    return found


def _noise(scenario: Description) -> str:
    if not scenario.label_noise:
        return "No label is wrong."
    where = "train" if isinstance(scenario, Ladder) or scenario.splits.val_per_group else "train and val"
    return f"In {where} {scenario.label_noise:.0%} of the labels are wrong on purpose; true_label is the class shown."
