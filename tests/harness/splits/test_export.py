import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from spurgen.benchmark.scenario import load_scenario
from spurgen.generators import sample
from spurgen.harness.cli import main
from spurgen.harness.commands.generate import from_flags
from spurgen.harness.experiments.data_folder import SPLITS
from spurgen.harness.splits.export import SCENARIO, export, partial_folder

SMALL = "--num_classes 2 --num_samples 4 --channels color --image_size 32"


def generate(*flags):
    return main(["generate", *SMALL.split(), *flags])


def test_the_written_scenario_makes_the_same_files_again(tmp_path):
    assert generate("--out", str(tmp_path / "one"), "--seed", str(2**64 - 1), "--strength", ".9") == 0
    assert main(["generate", str(tmp_path / "one" / SCENARIO), "--out", str(tmp_path / "two")]) == 0
    one, two = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "two")
    )
    assert one == two
    made = from_flags(2, 4, ["color"], [".9"], 32, 2**64 - 1)
    assert load_scenario(tmp_path / "one" / SCENARIO).digest == made.digest


def test_a_link_to_an_empty_folder_is_filled_and_stays_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    assert generate("--out", str(tmp_path / "link")) == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "disk" / SCENARIO).is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "link"]


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("file/none/set", "cannot write to {}/file/none: Not a directory; choose another --out"),
        ("full", "full exists and is not an empty folder"),
        ("empty", "empty is a mount point, which cannot be replaced; choose a folder in it as --out"),
    ],
)
def test_an_impossible_folder_is_an_error_before_any_work(tmp_path, monkeypatch, stderr, out, message):
    (tmp_path / "file").write_text("")
    (tmp_path / "full" / "of").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr("os.path.ismount", lambda place: Path(place).name == "empty")
    monkeypatch.setattr("spurgen.harness.commands.generate.make_progress", None)
    assert generate("--out", str(tmp_path / out)) == 2
    assert message.format(tmp_path) in stderr()
    assert (tmp_path / "full" / "of").is_dir()


def test_a_split_that_is_named_twice_is_written_once(tmp_path):
    assert generate("--out", str(tmp_path / "set"), "--splits", "train", "train") == 0
    assert len(list((tmp_path / "set").rglob("*.png"))) == 4


def test_a_channel_that_is_named_twice_is_one(tmp_path):
    assert generate("--out", str(tmp_path / "set"), "--channels", "color", "color") == 0
    assert list(load_scenario(tmp_path / "set" / SCENARIO).channels) == ["color"]


def test_the_help_says_how_many_test_samples_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["generate", "--help"])
    assert "at least one in each of its classes x 2^channels groups" in " ".join(capsys.readouterr().out.split())
    seven = ["background", "color", "shape", "lighting", "watermark", "voice", "synonym"]
    assert from_flags(num_samples=50, channels=seven).num_test == 1280


def test_folders_of_killed_processes_are_removed_and_those_in_use_stay(tmp_path):
    names = [".set-aaaaaaaa.partial", ".set-bbbbbbbb.partial", ".set-b-aaaaaaaa.partial", ".set.partial"]
    for name in names:
        (tmp_path / name / "train").mkdir(parents=True)
    handle = os.open(tmp_path / names[1], os.O_RDONLY)  # another open file holds its own lock, as another process would
    fcntl.flock(handle, fcntl.LOCK_EX)
    with partial_folder(tmp_path, "set") as first, partial_folder(tmp_path, "set") as second:
        assert first.is_dir()
        assert second != first
        (first / "train").mkdir()
    os.close(handle)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])


def test_an_interrupt_leaves_nothing_and_adds_a_note(tmp_path):
    with pytest.raises(KeyboardInterrupt) as stopped:
        export(from_flags(2, 4, ["color"], None, 32), ["train"], tmp_path / "set", Mock(side_effect=KeyboardInterrupt))
    assert stopped.value.__notes__ == ["nothing was written"]
    assert list(tmp_path.iterdir()) == []


LOAD = """
import json, sys
import numpy as np
from datasets import load_dataset

loaded = load_dataset("imagefolder", data_dir="set", cache_dir="cache")
pixels = np.asarray(loaded["test"][3]["image"]).tolist()
read = {name: [split["label"][:], split["caption"][:]] for name, split in loaded.items()}
print(json.dumps(read | {"pixels": pixels}))
"""


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_hugging_face_reads_the_right_labels():
    """Without a table in each split's folder, `imagefolder` takes the splits' names for labels."""
    scenario = load_scenario("small.toml")
    export(scenario, SPLITS, Path("set"), lambda _: None)
    offline = os.environ | {"HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": "home"}
    done = subprocess.run([sys.executable, "-c", LOAD], env=offline, capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    for split, name in (("train", "train"), ("val", "validation"), ("test", "test")):
        made = sample(scenario, split, range(scenario.split_size(split)))
        assert loaded[name] == [made.labels.tolist(), made.captions]
        assert name != "test" or loaded["pixels"] == made.images[3].tolist()
