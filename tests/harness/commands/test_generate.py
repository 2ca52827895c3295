import resource
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.world import load_scenario
from spurgen.generators import sample
from spurgen.generators.channels.color import VALUES as COLORS
from spurgen.harness.cli import main
from spurgen.harness.commands.generate import from_flags
from spurgen.harness.experiments.data_folder import describe_world


def test_generate_writes_what_the_generator_makes(tmp_path):
    flags = "--num_classes 3 --num_samples 40 --channels color lighting --strength color=.9 --image_size 32 --seed 5"
    assert main(["generate", "--out", str(tmp_path / "set"), *flags.split()]) == 0
    table = pd.read_csv(tmp_path / "set" / "metadata.csv")
    scenario = from_flags(3, 40, ["color", "lighting"], ["color=.9"], 32, 5)
    assert table.split.value_counts().to_dict() == {"train": 40, "test": 36, "val": 10}
    for split in ("train", "val", "test"):
        rows = table[table.split == split]
        made = sample(scenario, split, range(len(rows)))
        assert rows.caption.tolist() == made.captions
        assert rows.label.tolist() == made.labels.tolist()
        assert rows.lighting.tolist() == made.channel_values["lighting"].tolist()
        for name, pixels in zip(rows.file_name, made.images, strict=True):
            assert Image.open(tmp_path / "set" / name).tobytes() == pixels.tobytes()
    assert set(table.color_name) <= set(COLORS[:10])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--num_classes 21", "num_classes: Input should be less than or equal to 20 (got 21)"),
        ("--strength 1.2", "channels.color.strength: Input should be less than or equal to 1 (got 1.2)"),
        ("--strength shape=high", "'high' is not a number"),
        ("--strength ?=.5", "'?' is not among the channels"),
        ("--channels color ?", "there is no channel '?'; choose from background, color"),
        ("--channels colour", "there is no channel 'colour'; did you mean color?"),
        ("no_such.toml --num_classes 3 --seed 1", "describes the world already; leave out --num-classes, --seed"),
        ("--image_size 16", "image_size: Input should be greater than or equal to 32 (got 16)"),
        ("--num_samples 0", "splits.train: Input should be greater than or equal to 1 (got 0)"),
        ("no_such.toml", "cannot read the scenario file no_such.toml"),
    ],
)
def test_generate_explains_the_impossible_and_writes_nothing(tmp_path, stderr, flags, message):
    assert main(["generate", *flags.split(), "--out", str(tmp_path / "set")]) == 2
    assert message in stderr()
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_midway_never_looks_whole_and_continues(tmp_path, stderr):
    """A real failing write: the kernel refuses files above a size limit, as it does on a full disk."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limit[1]))
    try:
        code = main(["generate", "--out", str(tmp_path / "set"), "--num_samples", "30"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert code == 2
    assert "set.partial, and the same command continues" in stderr()
    assert [path.name for path in tmp_path.iterdir()] == [".set.partial"]
    assert main(["generate", "--out", str(tmp_path / "set"), "--num_samples", "30"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize("describe", [from_flags, describe_world])
@pytest.mark.parametrize(("num_samples", "val"), [(1000, 250), (7, 1), (1, 1)])
def test_num_samples_counts_train_samples_in_generate_and_in_run(describe, num_samples, val):
    splits = describe(num_samples=num_samples).splits
    assert (splits.train, splits.val) == (num_samples, val)
    with pytest.raises(ScenarioError, match=r"splits.train: .*\(got 0\)"):
        describe(num_samples=0)


@pytest.mark.parametrize(("num_samples", "bases"), [(40, 36), (4000, 1000)])
def test_flags_give_twins_to_every_test_sample_up_to_a_thousand(num_samples, bases):
    scenario = from_flags(3, num_samples, ["color", "lighting"])
    assert scenario.splits.twins == bases == min(scenario.num_test, 1000)


@pytest.mark.usefixtures("small")
def test_one_world_of_several_is_written(stderr):
    text = Path("small.toml").read_text()
    Path("many.toml").write_text(f"worlds = 3\n{text}")
    assert main(["generate", "many.toml", "--world", "2", "--out", "two"]) == 0
    assert main(["generate", "many.toml", "--out", "zero"]) == 0
    names = [load_scenario(folder / "scenario.toml").name for folder in (Path("two"), Path("zero"))]
    assert names == ["small-w2", "small-w0"]
    stderr()
    assert main(["generate", "small.toml", "--world", "1", "--out", "one"]) == 2
    assert "--world 1: small.toml describes one world; leave it out" in stderr()
    assert main(["generate", "--world", "1", "--out", "one"]) == 2
    assert "--world 1 is a world of a scenario file; give one, or leave it out" in stderr()


def test_the_layout_of_waterbirds_needs_a_channel(tmp_path, monkeypatch, stderr):
    monkeypatch.chdir(tmp_path)
    Path("plain.toml").write_text('suite = "mine"\nname = "plain"\nseed = 1\nchannels = {}\n')
    assert main(["generate", "plain.toml", "--format", "wilds", "--out", "out"]) == 2
    assert "--format wilds needs a channel, whose value is place; add one" in stderr()


@pytest.mark.usefixtures("small")
def test_a_data_set_that_is_there_is_kept_and_has_the_same_digest_in_every_format(stderr):
    assert main(["generate", "small.toml", "--out", "one"]) == 0
    first = stderr()
    assert "wrote 82 samples in one; its README.md says how to open them" in first
    digest = first.rpartition("the same in every format with the same parts: ")[2]
    assert len(digest) == 64
    assert main(["generate", "small.toml", "--out", "one"]) == 0
    assert "kept 82 samples in one" in stderr()
    assert main(["generate", "small.toml", "--out", "two", "--format", "webdataset", "--shard-size", "9"]) == 0
    assert stderr().endswith(digest)
    assert main(["generate", "small.toml", "--out", "three", "--shard-size", "0"]) == 2
    assert "--shard-size: must be 1 to 100,000,000, not 0" in stderr()


def test_a_task_is_verified_once_and_other_data_than_the_frozen_ones_are_not_written(
    suite, suite_file, unfreeze, tmp_path, stderr
):
    asked = ["generate", "small-image", "--suite", suite_file, "--splits", "train", "val", "--out"]
    assert main([*asked, str(tmp_path / "one")]) == 0
    assert "suite tiny: regenerated 435 samples; all match the manifest" in stderr()
    assert main([*asked, str(tmp_path / "two"), "--format", "webdataset"]) == 0
    assert "regenerated" not in stderr()
    unfreeze(suite)
    assert main([*asked, str(tmp_path / "three")]) == 1
    assert "scenario small, train: shard 0 differs in factors; expected SHA-256 0000" in stderr()
    assert not (tmp_path / "three").exists()


def test_of_a_template_only_the_world_that_is_written_is_verified(ladder_file, tmp_path, stderr):
    asked = ["generate", "few-image-4", "--suite", ladder_file, "--splits", "val", "--out", str(tmp_path / "set")]
    assert main([*asked, "--world", "3"]) == 0
    assert "samples of few-w3 again" in stderr()
