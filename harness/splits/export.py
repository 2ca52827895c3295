"""Writing a scenario as files: PNG images, a metadata.csv that pandas reads, and the scenario itself."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

import numpy as np
import pandas as pd
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
SCENARIO = "scenario.toml"


def export(scenario: Scenario, splits: Iterable[str], out: Path, progress: Callable[[int], None]) -> None:
    """Writes the splits into `out`, which appears only when everything in it is whole.

    The files are those of `write_files`. Raises `SpurgenError` if `out` has something in it or cannot be
    written; then nothing is left behind.
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
    """Raises `SpurgenError` unless a data set can appear at `out`: nothing there, or an empty folder."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SpurgenError(f"{out} exists and is not an empty folder; choose another --out, or remove it")
    if os.path.ismount(out):
        raise SpurgenError(f"{out} is a mount point, which cannot be replaced; choose a folder in it as --out")
    check_writable(out.resolve().parent, "--out")


@contextmanager
def partial_folder(parent: Path, name: str) -> Iterator[Path]:
    """Lends a hidden folder, removed with all that is left in it, and removes those that killed processes left.

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
    """Locks a folder; raises `OSError` if another process has it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def write_files(scenario: Scenario, splits: Iterable[str], folder: Path, progress: Callable[[int], None]) -> None:
    """Writes `<split>/000000.png`, metadata.csv with a line per image, and scenario.toml.

    `progress` is told how many images were added.
    """
    frames = [_write_split(scenario, split, folder, progress) for split in splits]
    pd.concat(frames).to_csv(folder / "metadata.csv", index=False, lineterminator="\n")
    said = tomli_w.dumps(scenario.model_dump(mode="json", exclude_none=True))
    (folder / SCENARIO).write_text(f"# Written by spurgen; the images are a function of it.\n{said}", encoding="utf-8")


def _write_split(scenario: Scenario, split: str, folder: Path, progress: Callable[[int], None]) -> pd.DataFrame:
    (folder / split).mkdir()
    frames = []
    with ThreadPoolExecutor() as threads:
        for start in range(0, scenario.split_size(split), CHUNK):
            samples = sample(scenario, split, range(start, min(start + CHUNK, scenario.split_size(split))))
            names = [f"{split}/{start + k:06d}.png" for k in range(len(samples.labels))]
            list(threads.map(_write_image, samples.images, [folder / name for name in names]))
            frames.append(_table(scenario, split, names, samples))
            progress(len(names))
    return pd.concat(frames)


def _write_image(pixels: NDArray[np.uint8], path: Path) -> None:
    Image.fromarray(pixels).save(path, compress_level=1)


def _table(scenario: Scenario, split: str, names: list[str], samples: Samples) -> pd.DataFrame:
    """Makes the lines of metadata.csv: every factor by number, channel values by name as well."""
    kinds, classes = discover(CHANNELS), class_names(scenario)
    columns: dict[str, object] = {
        "file_name": names,
        "split": split,
        "caption": samples.captions,
        "label": samples.labels,
        "class_name": [classes[label] for label in samples.labels],
        "env_id": samples.env_ids,
        "group_id": samples.group_ids,
    }
    for name, values in samples.channel_values.items():
        words = kinds[scenario.channels[name].kind].VALUES
        columns |= {name: values, f"{name}_name": [words[value] for value in values]}
    return pd.DataFrame(columns)
