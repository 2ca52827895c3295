"""Writing a task's inputs: a folder of PNG files with a table, or a Parquet file, in the order of their keys."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import Task
from spurgen.generators import Samples, class_names, sample
from spurgen.harness.machine.folders import check_out, partial_folder
from spurgen.harness.questions.keys import Part, keys_of, parts_of
from spurgen.harness.running.task_data import halves_of, make_block

Format = Literal["folder", "parquet"]
QUESTIONS, IMAGES, README = "questions.csv", "images", "README.md"


def write_questions(
    tasks: Sequence[Task], out: Path, kind: Format, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Write the inputs of a task in some of its worlds into `out`, which appears when it is complete.

    `tasks`: the task in each world. Return the number of inputs; `progress` is called with those of each step. Raise
    `SpurgenError` if `out` is not empty or cannot be written.
    """
    check_out(out)
    place = out.resolve()
    try:
        with partial_folder(place.parent, place.name) as partial:
            rows = [row for task in tasks for row in _rows(task, partial, kind, progress)]
            rows.sort(key=lambda row: str(row["key"]))
            _write_table(partial, kind, rows)
            (partial / README).write_text(_readme(tasks[0], len(rows), kind), encoding="utf-8")
            partial.chmod(0o755)
            partial.replace(place)
    except OSError as error:
        raise SpurgenError(f"writing {out} failed: {error.strerror or error}; nothing of it was kept") from None
    return len(rows)


def _rows(task: Task, folder: Path, kind: Format, progress: Callable[[int], None]) -> Iterator[dict[str, Any]]:
    """Yield a line per input of one world; a folder's images are written as they are made."""
    halves = halves_of(task)
    if halves["images"] and kind == "folder":
        (folder / IMAGES).mkdir(exist_ok=True)
    for part in parts_of(task):
        made = _make(task, part)
        for k, key in enumerate(keys_of(task, part)):
            row: dict[str, Any] = {"key": key}
            if halves["images"]:
                png, name = _png(made.images[k]), f"{key}.png"
                if kind == "folder":
                    (folder / IMAGES / name).write_bytes(png)
                row["image"] = f"{IMAGES}/{name}" if kind == "folder" else {"bytes": png, "path": name}
            if halves["captions"]:
                row["caption"] = made.captions[k]
            yield row
        progress(len(part.indices))


def _make(task: Task, part: Part) -> Samples:
    if part.block is None:
        return sample(task.scenario, task.scenario.calibrated_on, part.indices, **halves_of(task))
    return make_block(task, part.block, part.indices)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _write_table(folder: Path, kind: Format, rows: list[dict[str, Any]]) -> None:
    if kind == "parquet":
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            raise SpurgenError("writing Parquet needs pyarrow; run pip install 'spurgen[data]'") from None
        pq.write_table(pa.Table.from_pylist(rows), folder / "questions.parquet")
        return
    with (folder / QUESTIONS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _about_names(task: Task) -> str:
    if task.scenario.second_part is None:
        return ""
    return " A name stands for a class of two parts here, so it is not what is shown: a model must be trained for it."


def _readme(task: Task, count: int, kind: Format) -> str:
    names = class_names(task.scenario)
    table = QUESTIONS if kind == "folder" else "questions.parquet"
    listed = "\n".join(f"- `logit_{k}`: {name}" for k, name in enumerate(names))
    return f"""# Questions of {task.name}, suite {task.scenario.suite}

`{table}` has {count:,} inputs, each with a key. Answer all of them, in any order, and write a table (CSV or Parquet) of

- `key`: the input's key,
- a column of logits, or of logarithms of probabilities, for every class:

{listed}

or, where a model gives a class alone, `prediction`: the number of the class, or its name.{_about_names(task)} Then:

```
spurgen evaluate --answers ANSWERS --suite {task.scenario.suite} --task {task.name}
```
"""
