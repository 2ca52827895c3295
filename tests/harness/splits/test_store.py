import dataclasses
import json
import os
import re
from unittest.mock import Mock

import numpy as np
import pytest

from spurgen.benchmark.errors import FrozenDataError, SpurgenError
from spurgen.benchmark.manifest import dump_manifest
from spurgen.generators import sample
from spurgen.harness.splits.freeze import freeze, make_part
from spurgen.harness.splits.store import check_part, part_folder, regenerate, stored_parts
from spurgen.harness.splits.verify import verify_store


@pytest.fixture
def root(suite, tmp_path):
    regenerate(suite, tmp_path / "data", ["small"], ["train", "twins"])
    return tmp_path / "data"


def test_all_stored_parts_are_listed(suite, root):
    assert verify_store(suite, root) == (7, [])
    assert {part for _, part in stored_parts(root, suite)} == {
        "train", "twins/placebo", "twins/core", "twins/ctrl", "twins/unc", "twins/channel/color",
        "twins/channel/background",
    }  # fmt: skip


def flip_a_byte(folder):
    shard = folder / "00000.npz"
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)


def make_stale(folder):
    index = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps(index | {"part_sha256": "0" * 64}))


def replace_by_fifo(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (flip_a_byte, "00000.npz is damaged: expected SHA-256 "),
        (lambda folder: (folder / "00000.npz").unlink(), "00000.npz is damaged (cannot read "),
        (lambda folder: (folder / "index.json").unlink(), "interrupted"),
        (lambda folder: (folder / "index.json").write_text("{"), "index.json is damaged"),
        (lambda folder: replace_by_fifo(folder / "index.json"), "index.json is damaged"),
        (lambda folder: replace_by_fifo(folder / "00000.npz"), "00000.npz: it is a FIFO"),
        (make_stale, "is stale: it was written for manifest digest 0000"),
    ],
)
def test_damage_is_reported_and_repaired(suite, root, spoil, message):
    spoil(part_folder(root, suite, "small", "train"))
    _, (problem,) = verify_store(suite, root)
    assert message in problem
    where = f"--suite {suite.folder / 'tiny.toml'} --data {root} --scenarios small --parts train"
    assert problem.endswith(f"; to repair it, run `spurgen splits regenerate {where}`")
    lines = []
    regenerate(suite, root, ["small"], ["train", "twins"], lines.append)
    (line,) = (line for line in lines if "kept" not in line)
    assert line.startswith("small/train: written, 1 shards, since ")
    assert message in line
    assert "repair" not in line
    assert check_part(suite, root, "small", "train") is None


def test_an_interrupted_regeneration_leaves_no_part_that_looks_complete(suite, tmp_path, monkeypatch):
    replace = os.replace

    def interrupted(source, target):
        if "val" in target.parts:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt) as stop:
        regenerate(suite, tmp_path, ["small"], ["train", "val"])
    monkeypatch.undo()
    assert stop.value.__notes__ == ["every part named above is kept, and small/val starts over"]
    assert check_part(suite, tmp_path, "small", "train") is None
    assert "interrupted" in check_part(suite, tmp_path, "small", "val")
    assert not list(tmp_path.rglob("*.tmp"))


def test_an_interrupted_rewrite_leaves_no_index(suite, root, monkeypatch):
    """The old index marks the part as complete, so it must be removed before the first new shard is written."""
    folder = part_folder(root, suite, "small", "train")
    flip_a_byte(folder)
    monkeypatch.setattr("spurgen.harness.splits.store.make_part", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        regenerate(suite, root, ["small"], ["train"])
    assert "has no index.json: its writing was interrupted" in check_part(suite, root, "small", "train")


def test_a_shard_has_the_samples_and_of_a_suite_of_texts_no_images(suite, tmp_path):
    made = sample(suite.scenario("small"), "train", range(90))
    factors = {"labels": made.labels, "env_ids": made.env_ids, "group_ids": made.group_ids, "captions": made.captions}
    factors |= {f"channel_{name}": values for name, values in made.channel_values.items()}
    text = dataclasses.replace(suite, tasks={n: t for n, t in suite.tasks.items() if t.modality == "text"})
    for stored, expected in ((suite, factors | {"images": made.images}), (text, factors)):
        stored.manifest_file.write_text(dump_manifest(freeze(stored, jobs=1)))
        regenerate(stored, tmp_path / "again", ["small"], ["train"])
        with np.load(part_folder(tmp_path / "again", stored, "small", "train") / "00000.npz") as file:
            assert set(file.files) == set(expected)
            for name in file.files:
                np.testing.assert_equal(file[name].tolist(), np.asarray(expected[name]).tolist())


def test_samples_that_are_not_the_frozen_ones_are_never_written(suite, tmp_path, monkeypatch):
    def altered(scenario, part, start, stop, **halves):
        samples = make_part(scenario, part, start, stop, **halves)
        samples.captions[3] += "!"
        return samples

    monkeypatch.setattr("spurgen.harness.splits.store.make_part", altered)
    with pytest.raises(FrozenDataError, match="differs in captions; expected SHA-256"):
        regenerate(suite, tmp_path, ["small"], ["val"])
    assert not list(tmp_path.rglob("*.npz"))


def test_missing_parts_are_written_and_every_sample_is_counted(suite, tmp_path):
    lines, made = [], []
    regenerate(suite, tmp_path, ["small"], ["val", "twins/core"], lines.append, made.append)
    assert lines == [
        f"small/{part}: written, 1 shards, since {tmp_path}/tiny/small/{part} is missing"
        for part in ("val", "twins/core")
    ]
    regenerate(suite, tmp_path, ["small"], ["val"], lines.append, made.append)
    assert lines[2:] == ["small/val: whole, kept"]
    assert made == [45, 24, 45]


def test_a_folder_that_cannot_be_written_is_named_before_any_work(suite, unwritable, monkeypatch):
    monkeypatch.setattr("spurgen.harness.splits.store.make_part", None)
    message = rf"cannot write to {re.escape(str(unwritable))}/tiny: Not a directory; choose another --data"
    with pytest.raises(SpurgenError, match=message):
        regenerate(suite, unwritable, ["small"], ["val"])
