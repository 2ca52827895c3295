import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spurgen.benchmark.world import load_scenario
from spurgen.harness.exports.images import differences, encode
from spurgen.harness.exports.plan import Plan
from spurgen.harness.exports.writing import export

SPLITS = ("train", "val", "test")


@pytest.fixture
def compare(small):
    """Return a function that writes train and val, changes the files, and returns how they differ."""
    scenario = load_scenario("small.toml")

    def of(change=lambda _: None):
        export(Plan(scenario, SPLITS[:2], "folder"), Path("set"))
        change(small / "set")
        counts = []
        return [*differences(scenario, SPLITS, Path("set"), counts.append)], sum(counts)

    return of


def test_what_was_written_does_not_differ(compare):
    assert compare() == ([], 50)


def test_splits_that_the_folder_lacks_are_left_out(compare, small):
    assert compare(lambda folder: shutil.rmtree(folder / "train")) == ([], 10)
    shutil.rmtree("set")
    assert [*differences(load_scenario("small.toml"), SPLITS, small, lambda _: None)] == []


def shrink(folder):
    path = folder / "train" / "000005.png"
    Image.open(path).resize((16, 8)).save(path)


def shift(folder):
    path = folder / "val" / "000009.png"
    image = Image.open(path)
    red, green, blue = image.getpixel((3, 4))
    image.putpixel((3, 4), (red ^ 1, green, blue))
    image.save(path)


def relabel(folder, table="metadata.csv"):
    path = folder / table
    lines = path.read_text().splitlines()
    lines[7] = lines[7].replace(lines[7].split(",")[3], "another caption")
    path.write_text("\n".join(lines))


def add(folder, line):
    """Put a line before the others."""
    path = folder / "metadata.csv"
    header, rest = path.read_text().split("\n", 1)
    path.write_text(f"{header}\n{line}\n{rest}")


def widen(folder):
    path = folder / "metadata.csv"
    header, first, rest = path.read_text().split("\n", 2)
    path.write_text(f"{header}\n{first},more\n{rest}")


def damage(folder):
    """Halve the length that the image data are said to have: Pillow raises a `SyntaxError`."""
    path = folder / "val" / "000001.png"
    content = bytearray(path.read_bytes())
    place = content.index(b"IDAT")
    length = int.from_bytes(content[place - 4 : place], "big")
    content[place - 4 : place] = (length // 2).to_bytes(4, "big")
    path.write_bytes(content)


def cut(folder):
    path = folder / "metadata.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (shrink, "train/000005.png has 16 x 8 pixels instead of 32 x 32"),
        (shift, "val/000009.png has other pixels, 1 of 1,024"),
        (lambda folder: (folder / "train" / "000000.png").unlink(), "train/000000.png is missing"),
        (lambda folder: (folder / "val" / "000001.png").write_text("?"), "val/000001.png cannot be read as an image: "),
        (lambda folder: (folder / "val" / "mine.jpg").touch(), "val/mine.jpg is none of the 10 images of val"),
        (relabel, "metadata.csv, line 8, has 'another caption' instead of '"),
        (
            lambda folder: relabel(folder, "val/metadata.csv"),
            "val/metadata.csv, line 8, has 'another caption' instead of '",
        ),
        (cut, "metadata.csv, line 51, has '' instead of 'val/000009.png'"),
        (lambda folder: add(folder, "a.png,0"), "metadata.csv, line 2, has 'a.png' instead of 'train/000000.png'"),
        (widen, "metadata.csv, line 2, has 'more' instead of ''"),
        (damage, "val/000001.png cannot be read as an image: "),
        (lambda folder: (folder / "metadata.csv").unlink(), "metadata.csv cannot be read: "),
        (
            lambda folder: (folder / "train" / "metadata.csv").write_bytes(b"\xff\x00"),
            "train/metadata.csv cannot be read: ",
        ),
    ],
)
def test_each_way_to_differ_is_named(compare, change, problem):
    (found,), _ = compare(change)
    assert found.startswith(problem)


@given(
    seed=st.integers(0, 2**32 - 1), count=st.integers(1, 3), height=st.integers(1, 40), width=st.integers(1, 40),
    most=st.sampled_from([1, 2, 256]),
)  # fmt: skip
def test_pillow_decodes_the_same_pixels(seed, count, height, width, most):
    images = np.random.default_rng(seed).integers(0, most, (count, height, width, 3), dtype=np.uint8)
    for image, file in zip(images, encode(images), strict=True):
        with Image.open(io.BytesIO(file)) as decoded:
            assert decoded.mode == "RGB"
            assert (np.asarray(decoded) == image).all()
