from pathlib import Path

import numpy as np
import pytest
import sheets as script
from PIL import Image

from spurgen.harness.cli import run_script

DOCS = Path(__file__).parents[3] / "docs"
NAMES = [
    "world.png",
    "world-64.png",
    "world-224.png",
    "alignments.png",
    "twins.png",
    "shortcut.png",
    "groups.png",
    "things.png",
    "things-shortcuts.png",
    "things-parts.png",
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The sheets as `make sheets` writes them."""
    folder = tmp_path_factory.mktemp("docs") / "new"
    assert run_script(script, ["--out", str(folder)]) == 0
    return {path.name: path for path in folder.iterdir()}


def packed(image):
    """Put the three levels of a pixel into one number."""
    return image.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)


def pixels(path):
    with Image.open(path) as sheet:
        return packed(np.asarray(sheet.convert("RGB")))


@pytest.mark.slow
def test_all_sheets_are_written_within_limits_of_width_and_file_size(written):
    assert sorted(written) == sorted(NAMES)
    for path in written.values():
        assert 10_000 < path.stat().st_size < 1_500_000
        assert 900 < pixels(path).shape[1] <= 1000
        assert len(np.unique(pixels(path))) > 2


@pytest.mark.slow
def test_the_sheets_in_docs_are_those_that_are_drawn_today(written):
    for name, path in written.items():
        drawn, kept = pixels(path), pixels(DOCS / name)
        assert drawn.shape == kept.shape, "run `make sheets`"
        assert (drawn != kept).mean() < 0.01, f"{name}: run `make sheets`"  # letters may change with Pillow's version
