from pathlib import Path
from threading import Thread
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.scenario import load_scenario
from spurgen.generators import sample
from spurgen.harness.cli import main
from spurgen.harness.experiments import data_folder
from spurgen.harness.experiments.data_folder import SCENARIO, check_free, describe_world, read_world, write_world


@pytest.mark.parametrize(("num_classes", "num_samples"), [(3, 300), (20, 1), (2, 20_000)])
def test_every_group_of_a_generated_world_has_test_samples_however_few_train(num_classes, num_samples):
    scenario = describe_world(num_classes, num_samples)
    assert (scenario.splits.train, scenario.splits.val) == (num_samples, max(num_samples // 4, 1))
    test = sample(scenario, "test", range(scenario.num_test), images=False, captions=False)
    assert np.bincount(test.group_ids).tolist() == [50] * (num_classes * 8)
    assert (np.bincount(test.group_ids[: scenario.splits.twins]) == 10).all()
    strong, weak = scenario.environments
    assert all(strong.strength[name] > weak.strength[name] > 0.5 for name in scenario.channels)


def test_a_data_set_is_written_beside_other_files_and_never_over_another(small, run_command):
    (small / "data").mkdir()
    Path("data", "mine.txt").write_text("precious")
    scenario = load_scenario("small.toml")
    write_world(scenario, Path("data"), lambda _: None)
    assert read_world(Path("data")) == load_scenario(f"data/{SCENARIO}") == scenario
    assert sorted(path.name for path in Path("data").iterdir()) == [
        "metadata.csv", "mine.txt", SCENARIO, "test", "train", "val",
    ]  # fmt: skip
    assert len(pd.read_csv("data/metadata.csv")) == 40 + 10 + 32
    code, output = run_command("--generate_data --num_samples 100 --batch_size 8")
    assert (code, Path("data", "mine.txt").read_text()) == (2, "precious")
    assert "data holds another data set than the one asked for (they differ in suite, name, seed, num_classes" in output
    assert "leave out --generate-data" in output
    Path("data", SCENARIO).unlink()
    code, output = run_command("--generate_data --num_samples 100 --batch_size 8")
    assert "data holds train, val, test, metadata.csv but no scenario.toml; remove them, or choose another" in output


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("step", ["documents.tomli_w.dumps", "writing.chunks_of", "writing.csv.writer"])
def test_a_data_set_that_was_not_finished_is_not_there_and_is_removed(monkeypatch, step, killed):
    """A full disk removes it, and after a kill the next run does."""
    scenario, folder = load_scenario("small.toml"), Path("data")
    with monkeypatch.context() as patched:
        patched.setattr(f"spurgen.harness.exports.{step}", Mock(side_effect=OSError(28, "No space left on device")))
        if killed:
            patched.setattr(data_folder, "_remove_unfinished", lambda _: None)
        with pytest.raises(SpurgenError, match="cannot write to data: No space left on device; choose another --data"):
            write_world(scenario, folder, lambda _: None)
    left = list(folder.iterdir())
    assert killed or not left
    assert not check_free(scenario, folder)
    assert list(folder.iterdir()) == left  # a check removes nothing
    write_world(scenario, folder, lambda _: None)
    assert check_free(scenario, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["metadata.csv", SCENARIO, "test", "train", "val"]


@pytest.mark.usefixtures("small")
def test_a_second_writer_waits_and_keeps_what_the_first_has_written(monkeypatch):
    scenario, folder = load_scenario("small.toml"), Path("data")
    write_files, started = data_folder.write_files, []

    def write_slowly(*arguments):
        started.append(arguments)
        if len(started) == 1:
            second.start()
            second.join(0.5)
        return write_files(*arguments)

    monkeypatch.setattr(data_folder, "write_files", write_slowly)
    second = Thread(target=write_world, args=(scenario, folder, lambda _: None))
    write_world(scenario, folder, lambda _: None)
    second.join()
    assert len(started) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["metadata.csv", SCENARIO, "test", "train", "val"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "--data-dir data: there is no data set (no scenario.toml); pass --generate-data to make one"),
        ("no.toml", "cannot read the scenario file no.toml"),
        ("--generate_data --num_classes 21", "num_classes: Input should be less than or equal to 20 (got 21)"),
        ("--generate_data --num_samples 0", "splits.train: Input should be greater than or equal to 1 (got 0)"),
        ("--generate_data --num_samples 60", "--batch-size 64: larger than the train split, 60 samples"),
        ("--generate_data --data_dir small.toml", "small.toml is not a folder; choose another --data-dir"),
    ],
)
@pytest.mark.usefixtures("small")
def test_a_world_that_cannot_be_made_is_an_error(run_command, line, message):
    code, output = run_command(f"{line} --methods erm")
    assert code == 2
    assert message in output


@pytest.mark.usefixtures("small")
def test_a_data_set_of_generate_can_be_used(run_command):
    assert main(["generate", "small.toml", "--out", "set"]) == 0
    assert read_world(Path("set")) == load_scenario("small.toml")
    output = run_command("--data_dir set --batch_size 8 --methods erm --save_dir small.toml")[1]
    assert "cannot write to small.toml" in output  # the last of the checks
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
