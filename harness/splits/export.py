"""Writing a scenario as files: PNG images, a metadata.csv that pandas reads, and the scenario itself."""

import csv
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from numpy.typing import NDArray
from PIL import Image

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import Scenario
from spurgen.generators import Samples, class_names, sample
from spurgen.generators.atlas import CHANNELS
from spurgen.harness.machine.files import check_writable
from spurgen.harness.machine.interrupts import explain_stop

CHUNK = 500
SCENARIO, METADATA = "scenario.toml", "metadata.csv"


def export(scenario: Scenario, splits: Iterable[str], out: Path, progress: Callable[[int], None]) -> None:
    """Write the splits into `out`, which appears only when all its files are complete.

    The files are those of `write_files`. Raises `SpurgenError` if `out` is not empty or cannot be written;
    then nothing is left behind.
    """
    check_out(out)
    place = out.resolve()  # a link to an empty folder stays a link
    try:
        with explain_stop("nothing was written"), partial_folder(place.parent, place.name) as partial:
            write_files(scenario, splits, partial, progress)
            partial.chmod(0o755)
            partial.replace(place)
    except OSError as error:
        raise SpurgenError(f"writing {out} failed: {error.strerror or error}; nothing of it was kept") from None


def check_out(out: Path) -> None:
    """Raise `SpurgenError` unless a data set can appear at `out`: nothing there, or an empty folder."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SpurgenError(f"{out} exists and is not an empty folder; choose another --out, or remove it")
    if os.path.ismount(out):
        raise SpurgenError(f"{out} is a mount point, which cannot be replaced; choose a folder in it as --out")
    check_writable(out.resolve().parent, "--out")


@contextmanager
def partial_folder(parent: Path, name: str) -> Iterator[Path]:
    """Yield a hidden folder that is removed on exit; first remove the hidden folders of killed processes.

    A folder in use is locked, and the lock ends with its process.
    """
    for stale in parent.glob(f".{escape(name)}-{'?' * 8}.partial"):
        with suppress(OSError), _locked(stale):
            shutil.rmtree(stale)
    folder = Path(tempfile.mkdtemp(prefix=f".{name}-", suffix=".partial", dir=parent))
    with _locked(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock a folder; raise `OSError` if another process has locked it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def write_files(scenario: Scenario, splits: Iterable[str], folder: Path, progress: Callable[[int], None]) -> None:
    """Write `<split>/000000.png`, metadata.csv with a line per image, and scenario.toml.

    Each split's folder has its own metadata.csv too, without which Hugging Face's `imagefolder` takes the splits' names
    for labels. `progress` is called with the number of images that were added.
    """
    with open(folder / METADATA, "w", encoding="utf-8", newline="") as file, ThreadPoolExecutor() as threads:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(table_columns(scenario))
        for split in splits:
            (folder / split).mkdir()
            with open(folder / split / METADATA, "w", encoding="utf-8", newline="") as own_file:
                own = csv.writer(own_file, lineterminator="\n")
                own.writerow(table_columns(scenario))
                for samples, names in _chunks(scenario, split):
                    list(threads.map(_write_image, samples.images, [folder / name for name in names]))
                    rows = list(table_rows(scenario, split, names, samples))
                    table.writerows(rows)
                    own.writerows((local_name(row[0]), *row[1:]) for row in rows)
                    progress(len(names))
    description = tomli_w.dumps(scenario.model_dump(mode="json", exclude_none=True))
    text = f"# Written by spurgen; the images are a function of it.\n{description}"
    (folder / SCENARIO).write_text(text, encoding="utf-8")


def _chunks(scenario: Scenario, split: str) -> Iterator[tuple[Samples, list[str]]]:
    """Yield the samples of a split, and the paths of their images."""
    size = scenario.split_size(split)
    for start in range(0, size, CHUNK):
        samples = sample(scenario, split, range(start, min(start + CHUNK, size)))
        yield samples, [image_name(split, start + k) for k in range(len(samples.labels))]


def local_name(name: str) -> str:
    """Return the path of an image as the table in its split's folder has it."""
    return name.rpartition("/")[2]


def image_name(split: str, index: int) -> str:
    """Return the path of an image in a data set's folder."""
    return f"{split}/{index:06d}.png"


def _write_image(pixels: NDArray[np.uint8], path: Path) -> None:
    Image.fromarray(pixels).save(path, compress_level=1)


def table_columns(scenario: Scenario) -> list[str]:
    """Name the columns of metadata.csv: channel values by number and by name."""
    channels = [column for name in scenario.channels for column in (name, f"{name}_name")]
    return ["file_name", "split", "caption", "label", "class_name", "env_id", "group_id", *channels]


def table_rows(scenario: Scenario, split: str, files: list[str], samples: Samples) -> Iterator[tuple[Any, ...]]:
    """Return the lines of metadata.csv, their values in the order of `table_columns`."""
    kinds, classes = discover(CHANNELS), class_names(scenario)
    columns: list[Iterable[object]] = [
        files, [split] * len(files), samples.captions, samples.labels, [classes[label] for label in samples.labels],
        samples.env_ids, samples.group_ids,
    ]  # fmt: skip
    for name, channel in scenario.channels.items():
        values, words = samples.channel_values[name], kinds[channel.kind].VALUES
        columns += [values, [words[value] for value in values]]
    return zip(*columns, strict=True)
