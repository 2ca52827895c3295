"""Writing a task's inputs: a folder of PNG files with a table, or a Parquet file, in the order of their keys."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.task import Rung, Task
from spurgen.generators import sample
from spurgen.generators.ladder.world import sample_part
from spurgen.harness.exports.images import encode
from spurgen.harness.exports.parquet_files import IMAGE, parquet_file, value_of
from spurgen.harness.exports.worlds import classes_of
from spurgen.harness.machine.folders import check_out, partial_folder
from spurgen.harness.questions.keys import keys_of, parts_of
from spurgen.harness.running.task_data import Block, Key, halves_of, make_block

Format = Literal["folder", "parquet"]
Line = dict[str, Any]
CHUNK = 1000  # inputs that are in memory at a time
QUESTIONS, IMAGES, README = "questions.csv", "images", "README.md"


def write_questions(
    tasks: Sequence[Task],
    out: Path,
    kind: Format,
    progress: Callable[[int], None] = lambda _: None,
    *,
    suite: str | None = None,
) -> int:
    """Write the inputs of a task in some of its worlds into `out`, which appears when it is complete.

    `tasks`: the task in each world. `suite`: its name on a command line, by default its own name. Return the number of
    inputs; `progress` is called with those of each step.

    Raise `SpurgenError` if `out` is not empty or cannot be written.
    """
    check_out(out)
    place = out.resolve()
    try:
        with partial_folder(place.parent, place.name) as partial:
            places = sorted(_places(tasks))
            _write_table(partial, kind, _columns(tasks[0]), _rows(tasks, places, partial, kind, progress))
            (partial / README).write_text(
                _readme(tasks[0], len(places), kind, suite or tasks[0].scenario.suite), encoding="utf-8"
            )
            partial.chmod(0o755)
            partial.replace(place)
    except OSError as error:
        raise SpurgenError(f"writing {out} failed: {error.strerror or error}; nothing of it was kept") from None
    return len(places)


class _Place(NamedTuple):
    """An input: its key, its world, its part, and its index there."""

    key: str
    world: int
    part: int
    at: int


def _places(tasks: Sequence[Task]) -> Iterator[_Place]:
    for world, task in enumerate(tasks):
        for number, part in enumerate(parts_of(task)):
            for at, key in enumerate(keys_of(task, part)):
                yield _Place(key, world, number, at)


def _rows(
    tasks: Sequence[Task], places: Sequence[_Place], folder: Path, kind: Format, progress: Callable[[int], None]
) -> Iterator[list[Line]]:
    """Yield lines in the order of their keys, `CHUNK` at a time; a folder's images are written as they are made."""
    if halves_of(tasks[0])["images"] and kind == "folder":
        (folder / IMAGES).mkdir()
    for start in range(0, len(places), CHUNK):
        chunk = places[start : start + CHUNK]
        lines: dict[str, Line] = {}
        for (world, part), group in groupby(sorted(chunk, key=lambda place: place[1:]), key=lambda place: place[1:3]):
            task = tasks[world]
            lines |= _lines(task, parts_of(task)[part].block, list(group), folder, kind)
        yield [lines[place.key] for place in chunk]
        progress(len(chunk))


def _lines(task: Task, block: Key, places: Sequence[_Place], folder: Path, kind: Format) -> Iterator[tuple[str, Line]]:
    """Yield the keys and lines of some inputs of a block."""
    halves, indices = halves_of(task), [place.at for place in places]
    if isinstance(block, str) and isinstance(task, Rung):
        made = sample_part(task.ladder, block, indices, **halves)
    elif not isinstance(block, Block):
        made = sample(task.scenario, task.scenario.calibrated_on, indices, **halves)
    else:
        made = make_block(task, block, indices)
    files = encode(made.images)
    for k, place in enumerate(places):
        line: Line = {"key": place.key}
        if halves["images"]:
            content, name = next(files), f"{place.key}.png"
            if kind == "folder":
                (folder / IMAGES / name).write_bytes(content)
            line["image"] = f"{IMAGES}/{name}" if kind == "folder" else {"bytes": content, "path": name}
        if halves["captions"]:
            line["caption"] = made.captions[k]
        yield place.key, line


def _columns(task: Task) -> list[str]:
    shown = halves_of(task)
    return ["key", *(name for name in ("image", "caption") if shown[f"{name}s"])]


def _write_table(folder: Path, kind: Format, columns: list[str], chunks: Iterable[list[Line]]) -> None:
    if kind == "parquet":
        _write_parquet(folder / "questions.parquet", columns, chunks)
        return
    with (folder / QUESTIONS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for lines in chunks:
            writer.writerows(lines)


def _write_parquet(path: Path, columns: Iterable[str], chunks: Iterable[list[Line]]) -> None:
    features = {name: IMAGE if name == "image" else value_of("string") for name in columns}
    with parquet_file(path, features) as write:
        for lines in chunks:
            write({name: [line[name] for line in lines] for name in features})


def _about_rung(task: Task) -> str:
    """Describe the training data of a rung: its questions are the same on every rung of the ladder."""
    if not isinstance(task, Rung):
        return ""
    m, name = task.counterexamples, task.name
    return (
        f"\nThe questions are the same on every rung of {task.of}. Answer with a model that was trained with {m} "
        f"counterexamples, in\neach world on its own: `spurgen generate {name} --world N` writes its train split.\n"
    )


def _readme(task: Task, count: int, kind: Format, suite: str) -> str:
    table = QUESTIONS if kind == "folder" else "questions.parquet"
    listed = "\n".join(f"- `logit_{k}`: {name}" for k, name in enumerate(classes_of(task.scenario)))
    return f"""# Questions of {task.name}, suite {task.scenario.suite}
{_about_rung(task)}
`{table}` has {count:,} inputs, each with a key. Answer all of them, in any order, and write a table (CSV or Parquet) of

- `key`: the input's key,
- a column of logits, or of logarithms of probabilities, for every class:

{listed}

or, where a model gives a class alone, `prediction`: the number of the class, or its name. Then:

```
spurgen evaluate --answers ANSWERS --suite {suite} --task {task.name}
```

`--row NAME` stores the result as a row, and `--access` says what the model was trained with besides labels.
"""
