import re
import shlex
from pathlib import Path

import pytest
import torch

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.world import load_scenario
from spurgen.harness.board.report import read_report
from spurgen.harness.cli import hyphenated, main, make_parser
from spurgen.harness.commands._worlds import command_of, plan_experiment
from spurgen.harness.experiments import METHODS
from spurgen.harness.experiments.data_folder import describe_world
from spurgen.harness.exports.documents import SCENARIO

MODEL = (
    "import numpy as np\ndef predict(batch): return np.array([[c.count('a'), c.count('e')] for c in batch.captions])"
)
README = (
    "--generate_data --data_dir data --num_classes 5 --num_samples 1000",
    "--data_dir data --modality image --methods erm irm --num_epochs 5 --exp_name quick_test",
    "--data_dir data --modality multimodal --methods erm irm group_dro adversarial contrastive --num_epochs 10 "
    "--exp_name multimodal_test",
)


def parse(line):
    arguments = hyphenated(["run", *shlex.split(line)])
    return make_parser(arguments).parse_args(arguments)


def test_every_flag_of_the_original_runner_is_accepted_in_both_spellings():
    line = (
        "--data_dir d --generate_data --num_classes 3 --num_samples 300 --modality text --feature_dim 64 "
        "--batch_size 8 --num_epochs 2 --lr 0.1 --methods erm irm --irm_lambda 1 --adv_lambda 2 --cont_lambda 3 "
        "--exp_name x --save_dir s --seed 4 --gpu 0"
    )
    assert vars(parse(line)) == vars(parse(line.replace("_", "-").replace("group-dro", "group_dro")))
    parsed = parse(line)
    assert (parsed.cont_lambda, parsed.out, parsed.device) == (3, Path("s"), "cuda:0")


@pytest.mark.parametrize(
    ("line", "seeds", "device"),
    [
        ("", (0,), "cpu"), ("--seed 4", (4,), "cpu"), ("--seed 4 --seeds 0-2", (0, 1, 2), "cpu"),
        ("--gpu -1", (0,), "cpu"), ("--gpu 1", (0,), "cuda:1"), ("--device cuda", (0,), "cuda"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("small")
def test_seeds_and_the_device_have_an_old_and_a_common_flag(monkeypatch, line, seeds, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in device)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    experiment = plan_experiment(parse(f"small.toml --batch_size 8 --methods erm {line}"))
    assert (experiment.seeds, experiment.device) == (seeds, device)


def test_the_original_readmes_examples_plan_the_experiments_that_they_describe(small, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    first = plan_experiment(parse(README[0]))
    assert tuple(method.name for method in first.methods) == METHODS
    assert (first.task.modality, first.task.scenario.num_classes, first.seeds) == ("image", 5, (0,))
    assert (first.task.scenario.splits.train, first.task.scenario.splits.val) == (1000, 250)
    (small / "data").mkdir()
    Path("data", SCENARIO).write_text(Path("small.toml").read_text().replace("40", "80"))
    second, third = (plan_experiment(parse(line)) for line in README[1:])
    assert [method.name for method in second.methods] == ["erm", "irm"]
    assert second.methods[0].options == {"feature_dim": 128, "batch_size": 64, "epochs": 5, "lr": 0.001}
    assert third.task.modality == "multimodal"
    assert len(third.methods) == 5


def test_the_reported_command_repeats_the_command():
    for line in (*README, "my\\ world.toml --methods erm --gpu -1 --irm_lambda 0.5 --jobs 2 --seeds 0-2"):
        command = command_of(parse(line))
        assert command.startswith("spurgen run ")
        again = parse(command.removeprefix("spurgen run "))
        assert vars(again) == vars(parse(line))
        assert all(f"--{flag} " in command for flag in ("num-epochs", "out", "lr", "seed"))


def test_methods_that_need_environments_are_left_out_where_none_was_named(small):
    one_world = small / "one.toml"
    text = (small / "small.toml").read_text()
    without = re.sub(r"(?m)^environments.*$", "", text)
    one_world.write_text(re.sub(r"(?ms)^\[\[environments\]\].*?(?=^\[|\Z)", "", without))
    experiment = plan_experiment(parse(f"{one_world} --batch-size 8"))
    assert [method.name for method in experiment.methods] == ["erm", "group_dro", "adversarial", "contrastive"]
    assert "--methods erm group_dro adversarial contrastive" in experiment.command
    with pytest.raises(SpurgenError, match="--methods irm: needs two or more environments"):
        plan_experiment(parse(f"{one_world} --batch-size 8 --methods irm"))


@pytest.mark.usefixtures("small", "nothing_runs")
def test_a_dry_run_shows_the_jobs_and_writes_nothing(run_command, capsys):
    Path("model.py").write_text(MODEL)
    before = set(Path().rglob("*"))
    line = "--generate-data --num-classes 2 --num-samples 50 --batch-size 8 --modality text --methods model.py erm"
    assert run_command(f"{line} --seeds 0-1 --jobs 2 --device cpu --dry-run")[0] == 0
    assert main(["run", *shlex.split(line), "--jobs", "2", "--device", "cpu", "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert "| model, erm " in out
    assert "generated-text (0)" in out
    assert "2 of 2 jobs to run, 2 at a time; their time is unknown" in " ".join(err.split())
    assert {path for path in Path().rglob("*") if "__pycache__" not in path.parts} == before


@pytest.mark.slow
@pytest.mark.usefixtures("here", "baselines_here", "one_thread")
def test_an_experiment_with_a_failed_method_is_continued_by_the_same_command(small, run_command):
    Path("model.py").write_text("def predict(batch): raise ValueError('boom')")
    line = (
        "--generate_data --num_classes 2 --num_samples 50 --modality text --methods erm irm model.py --num_epochs 1 "
        "--batch_size 8 --seed 3 --exp_name try --jobs 1 --gpu -1 --adv_lambda 2 --feature_dim 16"
    )
    code, _ = run_command(line)
    assert code == 1
    results = small / "results"
    assert {path.name for path in results.iterdir()} == {
        "results.md", "try_results.json", "try_comparison.png", "try_erm_training_curves.png", "try_erm_sss.png",
        "try_irm_training_curves.png", "try_irm_sss.png", "sample_visualization.png", "log.txt", "jobs",
    }  # fmt: skip
    log = (results / "log.txt").read_text()
    assert "WARNING --adv-lambda has no effect: adversarial is not among the methods" in log
    assert "3 of 3 jobs to run, 1 at a time; their time is unknown" in " ".join(log.split())
    assert "ERROR model, seed 3 failed: submission model.py" in log
    assert "boom" in (results / "results.md").read_text()
    stored = read_report(results / "try_results.json", "run")
    assert {line["submission"] for line in stored.lines("methods")} == {"erm", "irm", "ideal observer"}
    assert stored.about["methods"]["erm"]["options"]["feature_dim"] == 16
    assert stored.about["scenario_sha256"] == load_scenario("data/scenario.toml").digest
    assert load_scenario("data/scenario.toml") == describe_world(2, 50, seed=3)
    Path("model.py").write_text(MODEL)
    code, output = run_command(line)
    assert code == 0
    assert "1 of 3 jobs to run, 1 at a time" in output
    assert (results / "try_model_training_curves.png").exists()
    again = read_report(results / "try_results.json", "run")
    assert again.lines("results")[:2] == stored.lines("results")[:2]
    ranked = {line["submission"] for line in again.lines("methods") if line.get("ranked")}
    tested = {line["submission"] for line in again.lines("tests")}
    assert tested == (ranked - {"erm"} if "erm" in ranked else set())
