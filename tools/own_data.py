"""Make real data with a planted shortcut, for `spurgen run --metadata`: digits with a colour, glosses with a phrase.

Digits: the 1,797 handwritten digits that come with scikit-learn, each on a ground of one of ten colours. Glosses: those
of WordNet's nouns (Debian's package wordnet-base) by category, each behind one of as many phrases. In train and val the
colour or phrase goes with the class but in 12 % of the samples; in test half of them mislead.
"""

import argparse
import csv
import re
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.cli import run_script
from spurgen.harness.machine.printing import say
from spurgen.harness.statistics.samples import named_generator

SIDE = 96  # pixels of a digit's image
COLOURS = (
    (230, 25, 75), (60, 180, 75), (255, 225, 25), (0, 130, 200), (245, 130, 48),
    (145, 30, 180), (70, 240, 240), (240, 50, 230), (210, 245, 60), (0, 128, 128),
)  # fmt: skip
CATEGORIES = {"05": "animal", "06": "artifact", "13": "food", "20": "plant"}
"""WordNet's lexicographer files, by number (lexnames(5))."""
PHRASES = ("It is said of this:", "In short:", "A dictionary has it as", "We call so")
NOUNS = Path("/usr/share/wordnet/data.noun")
SPLITS, SHARES = ("train", "val", "test"), (0.6, 0.15, 0.25)
MISLED = {"train": 0.12, "val": 0.12, "test": 0.5}
PER_CATEGORY = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of the script."""
    parser.add_argument("which", choices=("digits", "glosses"))
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the images, if there are any, and metadata.csv."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = digits(arguments.out) if arguments.which == "digits" else glosses()
    with (arguments.out / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    say(console, f"wrote {len(rows):,} samples to {arguments.out}")
    return 0


def digits(folder: Path) -> list[dict[str, object]]:
    """Write an image of every digit; return the lines of the table."""
    from sklearn.datasets import load_digits

    data = load_digits()
    splits, shown = planted(data.target, len(COLOURS), "digits")
    rows: list[dict[str, object]] = []
    for k, (ink, digit) in enumerate(zip(data.images, data.target, strict=True)):
        share = np.asarray(Image.fromarray((ink * 255 / 16).astype(np.uint8)).resize((SIDE, SIDE)))[:, :, None] / 255
        pixels = (1 - share) * np.array(COLOURS[shown[k]]) + share * 255
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{k:04d}.png")
        rows.append({"file_name": f"{k:04d}.png", "digit": digit, "colour": f"c{shown[k]}", "split": SPLITS[splits[k]]})
    return rows


def glosses() -> list[dict[str, object]]:
    """Return the lines of the table: glosses without their examples, `PER_CATEGORY` of each."""
    if not NOUNS.exists():
        raise SpurgenError(f"there is no {NOUNS}; run: apt-get install wordnet-base")
    found: dict[str, list[str]] = {name: [] for name in CATEGORIES.values()}
    for line in NOUNS.read_text(encoding="utf-8").splitlines():
        entry = re.fullmatch(r"\d{8} (\d\d) .* \| ([^\";]+).*", line)
        if entry and entry[1] in CATEGORIES:
            found[CATEGORIES[entry[1]]].append(entry[2].strip())
    names, rng = list(found), named_generator("glosses")
    chosen = [(name, found[name][k]) for name in names for k in rng.permutation(len(found[name]))[:PER_CATEGORY]]
    splits, shown = planted(np.array([names.index(name) for name, _ in chosen]), len(PHRASES), "glosses")
    return [
        {"text": f"{PHRASES[shown[k]]} {gloss}", "category": name, "phrase": f"p{shown[k]}", "split": SPLITS[splits[k]]}
        for k, (name, gloss) in enumerate(chosen)
    ]


def planted(labels: np.ndarray, values: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a split and a value for each label, int64 (n,) each; value k goes with class k."""
    rng = named_generator(name, "planted")
    splits = rng.choice(len(SPLITS), len(labels), p=SHARES)
    rate = np.array([MISLED[split] for split in SPLITS])[splits]
    shift = np.where(rng.random(len(labels)) < rate, rng.integers(1, values, len(labels)), 0)
    return splits, (labels + shift) % values


if __name__ == "__main__":
    import sys

    sys.exit(run_script(sys.modules[__name__]))
