from pathlib import Path

import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.scenario import load_scenario
from spurgen.harness.cli import main
from spurgen.harness.commands.generate import from_flags
from spurgen.harness.experiments.data_folder import describe_world


@pytest.mark.parametrize("describe", [from_flags, describe_world])
@pytest.mark.parametrize(("num_samples", "val"), [(1000, 250), (7, 1), (1, 1)])
def test_num_samples_counts_train_samples_in_generate_and_in_run(describe, num_samples, val):
    splits = describe(num_samples=num_samples).splits
    assert (splits.train, splits.val) == (num_samples, val)
    with pytest.raises(ScenarioError, match=r"splits.train: .*\(got 0\)"):
        describe(num_samples=0)


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
    assert "'0' is not a whole number from 1 on" in stderr()
