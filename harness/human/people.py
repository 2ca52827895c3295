"""The people who have answered a suite's tasks, from the files in a folder of results."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spurgen.benchmark.errors import ReadError
from spurgen.benchmark.suite import Suite, Task
from spurgen.harness.human.answers import read_answers
from spurgen.harness.human.summary import PersonRow, summarize
from spurgen.harness.results import store


@dataclass(frozen=True)
class People:
    """The people on a task, by name; `unfinished` maps those who have not finished to how many test answers they gave.

    People are not ranked: they see other numbers of classes and scenes than submissions do.
    """

    rows: Sequence[PersonRow] = ()
    unfinished: dict[str, int] = field(default_factory=dict)


def answers_file(results: Path, suite: str, task: str, annotator: str) -> Path:
    """Return the path of a person's answers to a task."""
    return results / suite / "human" / task / f"{annotator}.jsonl"


def read_people(suite: Suite, results: Path) -> dict[str, People]:
    """Return the people on each task that has any: those in the folder, and those that ship with the package.

    A file in the folder hides the shipped one of the same name. Raises `ReadError`, which names the file, if one is
    damaged or belongs to another version of the task.
    """
    people = {name: _on_task(suite, task, (results, store.SHIPPED)) for name, task in suite.tasks.items()}
    return {name: there for name, there in people.items() if there.rows or there.unfinished}


def _on_task(suite: Suite, task: Task, folders: Sequence[Path]) -> People:
    files: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(answers_file(folder, suite.name, task.name, "*").parent.glob("*.jsonl")):
            files.setdefault(path.stem, path)
    rows, unfinished = [], {}
    for name, path in sorted(files.items()):
        answers = read_answers(path)
        if answers is None or not answers.complete:
            unfinished[name] = len(answers.in_phase("test")) if answers else 0
            continue
        try:
            rows.append(summarize(task, answers))
        except ReadError as error:
            raise ReadError(f"cannot use the answers {path}: {error}; restore the file or move it away") from None
    return People(rows, unfinished)
