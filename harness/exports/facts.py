"""What every document says about data: licences, facts on responsible use (MLCommons, RAI 1.0), a suite's worlds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spurgen.benchmark.suite import Suite
from spurgen.benchmark.world import Description, Facts, Licence

MIT_PAGE = "https://opensource.org/license/mit"
BIASES = ("biases", "counterexamples", "test")  # fields of `Facts`


def licences(scenarios: Sequence[Description]) -> list[Licence]:
    """Return the licences of what others made in data of these scenarios, each once."""
    return list(dict.fromkeys(each for scenario in scenarios if (each := scenario.licence)))


def licence_pages(scenarios: Sequence[Description]) -> list[str]:
    """Return the addresses of the licences of data of these scenarios."""
    return [MIT_PAGE, *(each.page for each in licences(scenarios) if each.page)]


def credits_of(scenarios: Sequence[Description]) -> str:
    """Return the required credits, a sentence each."""
    return " ".join(each.credit for each in licences(scenarios))


def licence_sentences(scenarios: Sequence[Description]) -> str:
    """Return sentences on the licences of data of these scenarios, with the required credit."""
    return f"Under the MIT licence. {credits_of(scenarios)}".strip()


def licence_text(scenarios: Sequence[Description]) -> str:
    """Return the text of the licences of data of these scenarios."""
    mit = (Path(__file__).parent / "templates" / "MIT.txt").read_text(encoding="utf-8")
    others = [f"{each.credit}\n\n{each.file.read_text(encoding='utf-8')}" for each in licences(scenarios)]
    return "\n".join([mit, *others])


def responsible(scenarios: Sequence[Description]) -> dict[str, Any]:
    """Return fields of `mlcroissant.Metadata` for responsible AI, for the data of one or more scenarios."""
    elsewhere = not_drawn(scenarios)
    return {
        "data_collection": " ".join([*_each(scenarios, "origin"), credits_of(scenarios)]).strip(),
        "data_collection_type": ["Others: synthetic data"] + ["Secondary Data analysis"] * elsewhere,
        "data_collection_missing_data": "None: every sample has all that its scenario shows, and all factors.",
        "data_preprocessing_protocol": ["None; images are stored without loss, as PNG."],
        "data_imputation_protocol": "None.",
        "data_annotation_protocol": [*_each(scenarios, "annotation"), *_each(scenarios, "noise")],
        "machine_annotation_tools": ["SpurGen's generator"],
        "data_biases": [each for what in BIASES for each in _each(scenarios, what)],
        "data_use_cases": ["Measuring whether a model learned the class or a shortcut, and comparing methods that "
                             "prevent shortcuts."],
        "data_limitations": ["Drawn scenes: what a model does here need not carry over to photographs. English "
                                "captions from a grammar of few sentences."]
        + ["Samples that nobody drew: labels follow from a rule, which may err."] * elsewhere,
        "data_social_impact": "Methods that rely less on shortcuts may also treat groups of people more equally; "
        "results on these data alone do not show that they do.",
        "personal_sensitive_information": [
            "Of samples that nobody drew, their sources say whether they depict or describe people; drawn ones do not."
            if elsewhere else "No people are depicted or described, and no data of people were used."
        ],
        "data_release_maintenance_plan": "The data are a function of the scenario and never change; a fix is a new "
        "version under another name.",
    }  # fmt: skip


def not_drawn(scenarios: Sequence[Description]) -> bool:
    """Return whether some of the samples come from elsewhere."""
    return any(each.facts().origin != Facts().origin for each in scenarios)


def _each(scenarios: Sequence[Description], fact: str) -> list[str]:
    """Return sentences on a fact about scenarios, each once, with the names of the scenarios if it is not of all.

    Empty ones are left out.
    """
    said: dict[str, list[str]] = {}
    for scenario in scenarios:
        if text := getattr(scenario.facts(), fact):
            said.setdefault(text, []).append(scenario.name)
    return [text if len(names) == len(scenarios) else f"{', '.join(names)}: {text}" for text, names in said.items()]


def templates(suite: Suite) -> list[Description]:
    """Return the scenarios of a suite, each once, without its worlds."""
    return list({task.scenario.name: task.scenario for task in suite.tasks.values()}.values())


def remake(suite: Suite) -> str:
    """Return a sentence on how to get the samples."""
    command = f"spurgen generate TASK --suite {suite.spoken} --world N --twins --out FOLDER"
    return f"`{command}` makes the samples of a task in one world, the same on any machine."


def worlds(suite: Suite) -> list[dict[str, Any]]:
    """Return a line per world: its counts and digest; raise `FrozenDataError` if there is no manifest."""
    lines = []
    for name, task in {world.name: each for each in suite.tasks.values() for world in each.worlds}.items():
        frozen, scenario = suite.frozen(name), task.scenario.name
        twins = sum(part.samples for kind, part in frozen.parts.items() if task.has_twins and _is_of_twins(kind))
        every = sum(part.samples for part in frozen.parts.values())
        lines.append(
            {"world": name, "scenario": scenario, "samples": every - twins, "twins": twins, "sha256": frozen.digest}
        )
    return lines


def _is_of_twins(part: str) -> bool:
    """Return whether a part consists of changed test samples; on a ladder, of changed samples of `test/agree`."""
    kind, _, state = part.partition("/")
    return kind == "twins" or (kind in ("test", "seen") and state not in ("", "agree"))
