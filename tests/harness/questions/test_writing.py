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
    task = suite.task("small-both")
    count = write_questions([task], tmp_path / "asked", "folder")
    keys = [row["key"] for row in rows_of(tmp_path / "asked")]
    wanted = {key for part in parts_of(task) for key in keys_of(task, part)}
    assert (len(keys), set(keys), keys) == (count, wanted, sorted(keys))
    assert len(list((tmp_path / "asked" / "images").iterdir())) == count


def test_a_question_shows_what_the_generator_makes(suite, tmp_path):
    task = suite.task("small-both")
    write_questions([task], tmp_path / "asked", "folder")
    rows = {row["key"]: row for row in rows_of(tmp_path / "asked")}
    part = next(part for part in parts_of(task) if part.block == Block("channel", "color", 2))
    made = make_block(task, part.block, part.indices)
    for k, key in enumerate(keys_of(task, part)):
        assert rows[key]["caption"] == made.captions[k]
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "asked" / rows[key]["image"])), made.images[k])


def test_parquet_has_the_same_questions(suite, tmp_path):
    import io

    import pyarrow.parquet as pq

    task = suite.task("small-both")
    for kind in ("folder", "parquet"):
        write_questions([task], tmp_path / kind, kind)
    table = pq.read_table(tmp_path / "parquet" / "questions.parquet").to_pylist()
    rows = rows_of(tmp_path / "folder")
    assert [(row["key"], row["caption"]) for row in table] == [(row["key"], row["caption"]) for row in rows]
    first = Image.open(io.BytesIO(table[0]["image"]["bytes"]))
    np.testing.assert_array_equal(np.asarray(first), np.asarray(Image.open(tmp_path / "folder" / rows[0]["image"])))


def test_datasets_decodes_the_images_of_parquet(suite, tmp_path):
    task = suite.task("small-both")
    for kind in ("folder", "parquet"):
        write_questions([task], tmp_path / kind, kind)
    path, cache = str(tmp_path / "parquet" / "questions.parquet"), str(tmp_path / "cache")
    read = datasets.Dataset.from_parquet(path, cache_dir=cache)
    assert {name: type(feature).__name__ for name, feature in read.features.items()} == {
        "key": "Value", "image": "Image", "caption": "Value",
    }  # fmt: skip
    row = rows_of(tmp_path / "folder")[-1]
    np.testing.assert_array_equal(read[-1]["image"], np.asarray(Image.open(tmp_path / "folder" / row["image"])))


@pytest.mark.parametrize(("name", "columns"), [("small-image", {"key", "image"}), ("small-text", {"key", "caption"})])
def test_a_task_shows_its_modality_only(name, columns, suite, tmp_path):
    write_questions([suite.task(name)], tmp_path / "asked", "folder")
    assert set(rows_of(tmp_path / "asked")[0]) == columns
    assert (tmp_path / "asked" / "images").exists() == ("image" in columns)


def test_the_readme_says_how_to_answer(suite, tmp_path):
    write_questions([suite.task("small-text")], tmp_path / "asked", "folder")
    text = (tmp_path / "asked" / "README.md").read_text()
    assert "- `logit_2`: moon" in text
    assert "spurgen evaluate --answers ANSWERS --suite tiny --task small-text" in text


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
