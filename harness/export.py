"""Writing a scenario as files: PNG images and a metadata.csv that pandas reads."""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import Scenario
from spurgen.generators import CLASS_NAMES, Samples, sample
from spurgen.generators.atlas import CHANNELS

CHUNK = 500


def export(scenario: Scenario, splits: Iterable[str], out: Path, progress: Callable[[int], None]) -> None:
    """Writes the splits into `out`, which appears only when everything in it is whole.

    `out/<split>/000000.png`, `out/metadata.csv` with a line per image, `out/scenario.json`. `progress`
    is told how many images were added. Raises `SpurgenError` if `out` has something in it or cannot
    be written; then nothing is left behind.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SpurgenError(f"{out} exists and is not an empty folder; choose another --out, or remove it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{out.name}-", suffix=".partial", dir=out.parent))
    except OSError as error:
        raise SpurgenError(f"cannot write to {out.parent}: {error.strerror}; choose another --out") from None
    try:
        frames = [_write_split(scenario, split, partial, progress) for split in splits]
        pd.concat(frames).to_csv(partial / "metadata.csv", index=False, lineterminator="\n")
        (partial / "scenario.json").write_text(scenario.model_dump_json(indent=1) + "\n", encoding="utf-8")
        partial.chmod(0o755)
        partial.replace(out)
    except OSError as error:
        raise SpurgenError(f"writing {out} failed: {error.strerror or error}; nothing of it was kept") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


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
    kinds = discover(CHANNELS)
    columns: dict[str, object] = {
        "file_name": names,
        "split": split,
        "caption": samples.captions,
        "label": samples.labels,
        "class_name": [CLASS_NAMES[label] for label in samples.labels],
        "env_id": samples.env_ids,
        "group_id": samples.group_ids,
    }
    for name, values in samples.channel_values.items():
        words = kinds[scenario.channels[name].kind].VALUES
        columns |= {name: values, f"{name}_name": [words[value] for value in values]}
    return pd.DataFrame(columns)
