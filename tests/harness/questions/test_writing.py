import csv

import datasets
import numpy as np
import pytest
from PIL import Image

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.questions.keys import keys_of, parts_of
from spurgen.harness.questions.writing import write_questions
from spurgen.harness.running.task_data import Block, make_block


def rows_of(folder):
    with (folder / "questions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_input_is_written_once_in_an_order_that_tells_nothing(suite, tmp_path):
    task, asked = suite.task("small-both"), tmp_path / "asked"
    count = write_questions([task], asked, "folder")
    rows = {row["key"]: row for row in rows_of(asked)}
    wanted = {key for part in parts_of(task) for key in keys_of(task, part)}
    assert (len(rows), set(rows), [*rows]) == (count, wanted, sorted(rows))
    assert len(list((asked / "images").iterdir())) == count
    part = next(part for part in parts_of(task) if part.block == Block("channel", "color", 2))
    made = make_block(task, part.block, range(part.size))
    for k, key in enumerate(keys_of(task, part)):
        assert rows[key]["caption"] == made.captions[k]
        np.testing.assert_array_equal(np.asarray(Image.open(asked / rows[key]["image"])), made.images[k])


def test_parquet_has_the_same_questions_which_datasets_decodes(suite, tmp_path):
    for kind in ("folder", "parquet"):
        write_questions([suite.task("small-both")], tmp_path / kind, kind)
    path, cache = str(tmp_path / "parquet" / "questions.parquet"), str(tmp_path / "cache")
    read = datasets.Dataset.from_parquet(path, cache_dir=cache)
    assert [type(read.features[name]).__name__ for name in ("key", "image", "caption")] == ["Value", "Image", "Value"]
    rows = rows_of(tmp_path / "folder")
    assert (read["key"][:], read["caption"][:]) == tuple([row[name] for row in rows] for name in ("key", "caption"))
    for k in (0, -1):
        written = np.asarray(Image.open(tmp_path / "folder" / rows[k]["image"]))
        np.testing.assert_array_equal(np.asarray(read[k]["image"]), written)


@pytest.mark.parametrize(("name", "columns"), [("small-image", {"key", "image"}), ("small-text", {"key", "caption"})])
def test_a_task_shows_its_modality_only_and_the_readme_says_how_to_answer(name, columns, suite, tmp_path):
    write_questions([suite.task(name)], tmp_path / "asked", "folder")
    assert set(rows_of(tmp_path / "asked")[0]) == columns
    assert (tmp_path / "asked" / "images").exists() == ("image" in columns)
    text = (tmp_path / "asked" / "README.md").read_text()
    assert "- `logit_2`: moon" in text
    assert f"spurgen evaluate --answers ANSWERS --suite tiny --task {name}" in text


def test_nothing_is_overwritten_and_nothing_half_written_is_left(suite, tmp_path, monkeypatch):
    (tmp_path / "asked").mkdir()
    (tmp_path / "asked" / "mine").touch()
    with pytest.raises(SpurgenError, match="exists and is not an empty folder"):
        write_questions([suite.task("small-text")], tmp_path / "asked", "folder")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("spurgen.harness.questions.writing._write_table", fail)
    with pytest.raises(SpurgenError, match="failed: No space left on device; nothing of it was kept"):
        write_questions([suite.task("small-text")], tmp_path / "other", "folder")
    assert sorted(path.name for path in tmp_path.iterdir() if "asked" in path.name or "other" in path.name) == ["asked"]
