"""Damaged shards: every message names the file."""

import dataclasses
import random
from unittest.mock import Mock

import numpy as np
import pytest

from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.manifest import dump_manifest
from spurgen.generators import sample
from spurgen.harness.splits.freeze import freeze
from spurgen.harness.splits.store import check_part, part_folder, read_shard, regenerate


@pytest.fixture
def shard(suite, tmp_path):
    regenerate(suite, tmp_path / "data", ["small"], ["val"])
    return part_folder(tmp_path / "data", suite, "small", "val") / "00000.npz"


@pytest.fixture
def problem(suite, shard):
    """Return a function that returns what is wrong with the shard's part."""
    return lambda: check_part(suite, shard.parents[3], "small", "val")


def rewrite(shard, **changes):
    """Write the shard again with some arrays changed; None leaves one out."""
    with np.load(shard) as file:
        arrays = {name: file[name] for name in file.files}
    arrays = {name: changes[name](array) if name in changes else array for name, array in arrays.items()}
    np.savez(shard, **{name: array for name, array in arrays.items() if array is not None})


def test_an_undamaged_shard_is_read_as_it_was_made(suite, shard, problem):
    assert problem() is None
    made = sample(suite.scenario("small"), "val", range(45))
    for field in dataclasses.fields(made):
        np.testing.assert_equal(getattr(read_shard(shard, 32), field.name), getattr(made, field.name))


def test_a_shard_of_a_suite_of_texts_has_no_images(suite, tmp_path):
    text = dataclasses.replace(suite, tasks={n: t for n, t in suite.tasks.items() if t.modality == "text"})
    text.manifest_file.write_text(dump_manifest(freeze(text, jobs=1)))
    regenerate(text, tmp_path / "data", ["small"], ["val"])
    shard = part_folder(tmp_path / "data", text, "small", "val") / "00000.npz"
    assert check_part(text, tmp_path / "data", "small", "val") is None
    read = read_shard(shard, 32, {"images": False, "captions": True})
    assert read.captions == sample(suite.scenario("small"), "val", range(45)).captions
    with np.load(shard) as file:
        arrays = {name: file[name] for name in file.files}
    assert "images" not in arrays
    np.savez(shard, images=np.zeros((45, 32, 32, 3), np.uint8), **arrays)
    assert "it has images, which the suite does not freeze" in check_part(text, tmp_path / "data", "small", "val")


def test_every_error_of_a_damaged_byte_names_the_file(shard):
    """The bytes of headers: at the start and end of the file, and before every array."""
    data, rng = shard.read_bytes(), random.Random(1)
    starts = [k for k in range(len(data)) if data[k : k + 2] == b"PK" or data[k : k + 6] == b"\x93NUMPY"]
    places = [k + rng.randrange(120) for k in starts for _ in range(20)]
    messages = []
    for place in places:
        spoiled = bytearray(data)
        spoiled[place % len(data)] ^= 1 << rng.randrange(8)
        shard.write_bytes(spoiled)
        try:
            read_shard(shard, 32)
        except FrozenDataError as error:
            messages.append(str(error))
    assert len(messages) > 100
    assert all(message.startswith(f"{shard} is damaged (") for message in messages)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": lambda a: a + 0.5}, r"labels is float64 of shape \(45,\), expected int64 in 1 dimensions"),
        ({"env_ids": lambda a: a.astype(str)}, r"env_ids is str of shape"),
        ({"channel_color": lambda a: a.astype(np.int32)}, r"channel_color is int32 of shape"),
        ({"images": lambda a: a.astype(np.int16)}, r"images is int16 of shape"),
        ({"images": lambda a: a[..., 0]}, r"images is uint8 of shape \(45, 32, 32\), expected uint8 in 4"),
        ({"captions": lambda a: np.arange(len(a))}, r"captions is int64 of shape"),
        ({"group_ids": lambda a: a[:-5]}, r"group_ids has 40 rows, expected 45, as labels"),
        ({"captions": lambda a: a[:-1]}, r"captions has 44 rows"),
        ({"group_ids": lambda _: None}, r"it has no group_ids"),
    ],
)
def test_a_wrong_column_is_named(shard, problem, changes, message):
    rewrite(shard, **changes)
    with pytest.raises(FrozenDataError, match=rf"00000\.npz is damaged \({message}"):
        read_shard(shard, 32)
    assert "is damaged" in problem()


def test_a_short_shard_is_reported_by_its_count(shard, problem):
    with np.load(shard) as file:
        np.savez(shard.with_name("short.npz"), **{name: file[name][:40] for name in file.files})
    shard.with_name("short.npz").rename(shard)
    assert "00000.npz holds 40 samples, expected 45;" in problem()


def test_images_of_another_shape_are_refused_even_if_their_bytes_are_right(shard, problem):
    rewrite(shard, images=lambda a: a.reshape(45, 16, 64, 3))
    assert "00000.npz holds images of shape (16, 64, 3), expected (32, 32, 3);" in problem()


def test_channels_under_other_names_are_refused(shard, problem):
    with np.load(shard) as file:
        arrays = {name.replace("color", "hue"): file[name] for name in file.files}
    np.savez(shard, **arrays)
    assert "holds the channels ['hue', 'background'], expected ['color', 'background'];" in problem()


def test_an_interrupted_rewrite_leaves_no_index(suite, shard, problem, monkeypatch):
    """The old index marks the part as complete, so it must be removed before the first new shard is written."""
    shard.write_bytes(b"")
    monkeypatch.setattr("spurgen.harness.splits.store.make_part", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        regenerate(suite, shard.parents[3], ["small"], ["val"])
    assert not shard.with_name("index.json").exists()
    assert "has no index.json: its writing was interrupted" in problem()
