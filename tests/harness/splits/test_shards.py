"""Damaged shards: whatever is wrong with a file, the message names it."""

import dataclasses
import random

import numpy as np
import pytest

from spurgen.benchmark.errors import FrozenDataError
from spurgen.generators import sample
from spurgen.harness.splits.store import check_part, part_folder, read_shard, regenerate


@pytest.fixture
def shard(suite, tmp_path):
    regenerate(suite, tmp_path / "data", ["small"], ["val"])
    return part_folder(tmp_path / "data", suite, "small", "val") / "00000.npz"


@pytest.fixture
def problem(suite, shard):
    """Returns a function that says what is wrong with the shard's part."""
    return lambda: check_part(suite, shard.parents[3], "small", "val")


def rewrite(shard, **changes):
    """Writes the shard again with some arrays changed; None leaves one out."""
    with np.load(shard) as file:
        arrays = {name: file[name] for name in file.files}
    arrays = {name: changes[name](array) if name in changes else array for name, array in arrays.items()}
    np.savez(shard, **{name: array for name, array in arrays.items() if array is not None})


def test_what_is_whole_is_read(suite, shard, problem):
    assert problem() is None
    made = sample(suite.scenario("small"), "val", range(45))
    for field in dataclasses.fields(made):
        np.testing.assert_equal(getattr(read_shard(shard), field.name), getattr(made, field.name))


def test_no_damaged_byte_ends_in_a_traceback(shard):
    """Bytes that say how the file is built: those of headers, at its start and end and before every array."""
    data, rng = shard.read_bytes(), random.Random(1)
    starts = [k for k in range(len(data)) if data[k : k + 2] == b"PK" or data[k : k + 6] == b"\x93NUMPY"]
    places = [k + rng.randrange(120) for k in starts for _ in range(20)]
    told = []
    for place in places:
        spoiled = bytearray(data)
        spoiled[place % len(data)] ^= 1 << rng.randrange(8)
        shard.write_bytes(spoiled)
        try:
            read_shard(shard)
        except FrozenDataError as error:
            told.append(str(error))
    assert len(told) > 100
    assert all(one.startswith(f"{shard} is damaged (") for one in told)


@pytest.mark.parametrize(
    ("changes", "told"),
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
def test_columns_that_do_not_fit_are_named(shard, problem, changes, told):
    rewrite(shard, **changes)
    with pytest.raises(FrozenDataError, match=rf"00000\.npz is damaged \({told}"):
        read_shard(shard)
    assert "is damaged" in problem()


def test_a_short_shard_is_counted(shard, problem):
    with np.load(shard) as file:
        np.savez(shard.with_name("short.npz"), **{name: file[name][:40] for name in file.files})
    shard.with_name("short.npz").rename(shard)
    assert "00000.npz holds 40 samples, expected 45;" in problem()


def test_images_of_another_shape_are_told_by_it_though_their_bytes_are_right(shard, problem):
    rewrite(shard, images=lambda a: a.reshape(45, 16, 64, 3))
    assert "00000.npz holds images of shape (16, 64, 3), expected (32, 32, 3);" in problem()


def test_channels_under_other_names_are_told(shard, problem):
    with np.load(shard) as file:
        arrays = {name.replace("color", "hue"): file[name] for name in file.files}
    np.savez(shard, **arrays)
    assert "holds the channels ['hue', 'background'], expected ['color', 'background'];" in problem()


def test_a_rewrite_that_stops_midway_leaves_no_index(suite, shard, problem, monkeypatch):
    """The old index says that the part is whole: it must go before the first new shard comes."""
    shard.write_bytes(b"")

    def dies(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("spurgen.harness.splits.store.make_part", dies)
    with pytest.raises(KeyboardInterrupt):
        regenerate(suite, shard.parents[3], ["small"], ["val"])
    assert not shard.with_name("index.json").exists()
    assert "has no index.json: its writing was interrupted" in problem()
