from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from spurgen.benchmark.world import load_scenario
from spurgen.generators import sample
from spurgen.harness.cli import main
from spurgen.harness.experiments.data_folder import describe_world, read_world
from spurgen.harness.exports.documents import SCENARIO


@pytest.mark.parametrize(("num_classes", "num_samples"), [(3, 300), (20, 1), (2, 20_000)])
def test_every_group_of_a_generated_world_has_test_samples_however_few_train(num_classes, num_samples):
    scenario = describe_world(num_classes, num_samples)
    assert (scenario.splits.train, scenario.splits.val) == (num_samples, max(num_samples // 4, 1))
    test = sample(scenario, "test", range(scenario.num_test), images=False, captions=False)
    assert np.bincount(test.group_ids).tolist() == [50] * (num_classes * 8)
    assert (np.bincount(test.group_ids[: scenario.splits.twins]) == 10).all()
    strong, weak = scenario.environments
    assert all(strong.strength[name] > weak.strength[name] > 0.5 for name in scenario.channels)


@pytest.mark.usefixtures("small")
def test_another_data_set_and_other_files_are_refused_and_stay_as_they_are(run_command):
    assert main(["generate", "small.toml", "--out", "data"]) == 0
    asked = "--generate_data --num_samples 100 --batch_size 8"
    code, output = run_command(asked)
    assert code == 2
    assert "data holds another data set than the one asked for (they differ in suite, name, seed, num_classes" in output
    assert "leave out --generate-data" in output
    Path("data", SCENARIO).unlink()
    code, output = run_command(asked)
    assert (code, "data holds another data set (it has another scenario); choose another" in output) == (2, True)
    Path("mine").mkdir()
    Path("mine", "mine.txt").write_text("precious")
    for dry in ("", "--dry_run"):
        code, output = run_command(f"{asked} --data_dir mine {dry}")
        assert (code, "mine exists and is not an empty folder; choose another" in output) == (2, True)
    assert Path("mine", "mine.txt").read_text() == "precious"
    assert not Path("results").exists()


@pytest.mark.usefixtures("small")
def test_a_data_set_that_was_not_finished_is_not_there_and_the_same_command_continues(run_command, monkeypatch):
    asked = "--generate_data --num_classes 2 --num_samples 20 --batch_size 8 --methods erm"
    with monkeypatch.context() as patched:
        full = Mock(side_effect=OSError(28, "No space left on device"))
        patched.setattr("spurgen.harness.exports.documents.tomli_w.dumps", full)
        code, output = run_command(asked)
    assert (code, "writing data failed: No space left on device; what was written is in" in output) == (2, True)
    assert not Path("data").exists()
    assert "there is no data set" in run_command("--batch_size 8")[1]
    monkeypatch.setattr("spurgen.harness.exports.writing.write_shard", None)
    monkeypatch.setattr("spurgen.harness.commands._worlds.resources_of", Mock(side_effect=KeyboardInterrupt))
    assert run_command(asked)[0] == 130
    assert read_world(Path("data")) == describe_world(2, 20)
    assert {SCENARIO, "metadata.csv", "train", "val", "test"} < {path.name for path in Path("data").iterdir()}
    monkeypatch.setattr("spurgen.harness.commands._worlds.export", None)
    assert run_command(asked)[0] == 130  # with the data set that is there


@pytest.mark.usefixtures("small")
def test_a_folder_of_an_earlier_version_without_an_index_is_used(run_command, monkeypatch):
    assert main(["generate", "small.toml", "--out", "set"]) == 0
    for later in ("dataset.json", "README.md", "LICENSE", "croissant.json"):
        Path("set", later).unlink()
    monkeypatch.setattr("spurgen.harness.commands._worlds.resources_of", Mock(side_effect=KeyboardInterrupt))
    for line in ("--data_dir set", "small.toml --generate_data --data_dir set"):
        assert run_command(f"{line} --batch_size 8 --methods erm")[0] == 130  # after all checks


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "--data-dir data: there is no data set (no scenario.toml); pass --generate-data to make one"),
        ("no.toml", "cannot read the scenario file no.toml"),
        ("--generate_data --num_classes 21", "num_classes: Input should be less than or equal to 20 (got 21)"),
        ("--generate_data --num_samples 0", "splits.train: Input should be greater than or equal to 1 (got 0)"),
        ("--generate_data --num_samples 60", "--batch-size 64: larger than the train split, 60 samples"),
        ("--generate_data --data_dir small.toml", "small.toml exists and is not an empty folder; choose another"),
    ],
)
@pytest.mark.usefixtures("small")
def test_a_world_that_cannot_be_made_is_an_error(run_command, line, message):
    code, output = run_command(f"{line} --methods erm")
    assert code == 2
    assert message in output


@pytest.mark.usefixtures("small")
def test_a_data_set_of_generate_can_be_used(run_command, monkeypatch):
    assert main(["generate", "small.toml", "--out", "set"]) == 0
    assert read_world(Path("set")) == load_scenario("small.toml")
    with monkeypatch.context() as patched:
        patched.setattr("spurgen.harness.commands._worlds.resources_of", Mock(side_effect=KeyboardInterrupt))
        assert run_command("--data_dir set --batch_size 8 --methods erm")[0] == 130  # after all checks
    Path("set", "scenario.toml").write_text("{")
    code, output = run_command("--data_dir set")
    assert (code, "cannot read the scenario file set/scenario.toml" in output) == (2, True)


@pytest.mark.usefixtures("small")
def test_a_scenario_file_beside_another_data_set_is_an_error(run_command):
    assert main(["generate", "small.toml", "--out", "set"]) == 0
    Path("other.toml").write_text(Path("small.toml").read_text().replace("seed = 11", "seed = 12"))
    code, output = run_command("other.toml --data_dir set --methods erm --batch_size 8")
    assert code == 2
    assert "set holds another data set than other.toml describes (they differ in seed); leave out one" in output
    Path("set").rename("data")  # the default, which nobody asked for
    output = run_command("other.toml --methods erm --batch_size 8 --save_dir small.toml")[1]
    assert "cannot write to small.toml" in output


def test_a_folder_with_other_pictures_is_refused_with_the_file_the_difference_and_the_remedy(small, run_command):
    assert main(["generate", "small.toml", "--out", "set"]) == 0
    Image.new("RGB", (32, 32)).save(small / "set" / "val" / "000003.png")
    code, output = run_command("--data_dir set --methods erm --batch_size 8")
    assert code == 2
    assert "--data-dir set: val/000003.png has other pixels, 1,024 of 1,024, but spurgen run trains on what" in output
    assert "set/scenario.toml describes and reads no other file; restore the file, or make the data set again" in output
    assert not Path("results", "log.txt").exists()
    assert run_command("--data_dir set --generate_data --methods erm --batch_size 8")[0] == 2
