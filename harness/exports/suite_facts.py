"""Facts for the documents of a frozen suite: its files, its tasks and its worlds."""

from pathlib import Path
from typing import Any

from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Rung
from spurgen.harness.exports.columns import Column
from spurgen.harness.splits.freeze import Description

VERSION = "1.0.0"
"""Version of every frozen suite's data, which never change: other data are another suite."""
TASKS = (
    Column("task", "text", "name"),
    Column("scenario", "text", "name of the scenario's file"),
    Column("modality", "text", "what a model sees: image, text, or multimodal, which is both"),
    Column("role", "text", "main: decides the validity tests; extra: any other"),
)
RUNG = Column("counterexamples", "whole", "training samples in which the shortcuts go with another class")
"""The column of a rung of a ladder."""
WORLDS = (
    Column("world", "text", "name"),
    Column("scenario", "text", "name of the scenario's file"),
    Column("samples", "whole", "samples in all splits"),
    Column("twins", "whole", "counterfactual twins of test samples"),
    Column("sha256", "text", "SHA-256 over all digests that the manifest has of it"),
)


def task_columns(suite: Suite) -> list[Column]:
    """Return the columns of `tasks`."""
    return [*TASKS, *[RUNG] * any(isinstance(task, Rung) for task in suite.tasks.values())]


def templates(suite: Suite) -> list[Description]:
    """Return the scenarios of a suite, each once, without its worlds."""
    return list({task.scenario.name: task.scenario for task in suite.tasks.values()}.values())


def remake(suite: Suite) -> str:
    """Return a sentence on how to get the samples."""
    command = f"spurgen generate TASK --suite {suite.spoken} --world N --twins --out FOLDER"
    return f"`{command}` makes the samples of a task in one world, the same on any machine."


def files(suite: Suite) -> dict[str, Path]:
    """Return the suite's file, its manifest and its scenarios, by their place in the suite's folder."""
    scenarios = [suite.scenario_file(scenario.name) for scenario in templates(suite)]
    every = [suite.folder / f"{suite.name}.toml", suite.manifest_file, *scenarios]
    return {path.relative_to(suite.folder).as_posix(): path for path in every}


def tasks(suite: Suite) -> list[dict[str, Any]]:
    """Return a line per task, with the columns `task_columns`."""
    return [
        {"task": name, "modality": task.modality, "scenario": task.scenario.name, "role": task.role}
        | ({"counterexamples": task.counterexamples} if isinstance(task, Rung) else {})
        for name, task in suite.tasks.items()
    ]


def worlds(suite: Suite) -> list[dict[str, Any]]:
    """Return a line per world, with the columns `WORLDS`; raise `FrozenDataError` if there is no manifest."""
    lines = []
    for name, scenario in {w.name: task.scenario.name for task in suite.tasks.values() for w in task.worlds}.items():
        frozen = suite.frozen(name)
        twins = sum(part.samples for kind, part in frozen.parts.items() if _is_of_twins(kind))
        every = sum(part.samples for part in frozen.parts.values())
        lines.append(
            {"world": name, "scenario": scenario, "samples": every - twins, "twins": twins, "sha256": frozen.digest}
        )
    return lines


def _is_of_twins(part: str) -> bool:
    """Return whether a part consists of changed test samples; on a ladder, of changed samples of `test/agree`."""
    kind, _, state = part.partition("/")
    return kind == "twins" or (kind in ("test", "seen") and state not in ("", "agree"))
