"""`spurgen run --metadata`, with features and trainings in this process."""

import shlex

import numpy as np
import pandas as pd
import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.harness.board.report import read_report
from spurgen.harness.cli import main
from spurgen.harness.own import climb, encoding
from spurgen.harness.public.measuring import ladder

LINE = shlex.split("run --metadata metadata.csv --label kind --shortcut place --text words --out out")


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder with a table of 240 texts, whose features show the place more clearly than the kind."""
    monkeypatch.chdir(tmp_path)
    kind = np.arange(240) % 2
    counter = np.arange(240) % 10 < np.repeat([2, 2, 5], 80)
    place = np.where(counter, 1 - kind, kind)
    split = np.repeat(["train", "val", "test"], 80)
    words = [f"text {k}" for k in range(240)]
    pd.DataFrame({"words": words, "kind": kind, "place": place, "split": split}).to_csv("metadata.csv", index=False)
    noise = np.random.default_rng(0).normal(size=(240, 4))
    features = (noise + np.stack([12 * place, 4 * kind, 0 * kind, 0 * kind], axis=1)).astype(np.float32)
    monkeypatch.setattr(encoding, "features_of", lambda *_: features)
    monkeypatch.setattr(climb, "GRID", (1e-2, 1e-5))
    monkeypatch.setattr(climb.pool, "run", lambda work, jobs, _: ((job, work(job)) for job in jobs))
    return tmp_path


def test_a_run_writes_the_ladder_and_says_what_is_needed(own, capsys):
    assert main([*LINE, "--methods", "erm", "subg", "--seeds", "0-1", "--exp-name", "mine"]) == 0
    said = capsys.readouterr().out.split("\n\n")[-1].replace("\n", " ")
    assert said.startswith("On your data erm needs ")
    assert "% (the ceiling is " in said
    assert said.strip().endswith("; you have 16.")
    made = {"mine_ladder.svg", "mine_ladder.toml", "mine_samples.npz", "mine_results.json", "results.md"}
    assert {path.name for path in (own / "out").iterdir()} == made
    report = (own / "out" / "results.md").read_text()
    assert "\nspurgen run --metadata metadata.csv --label kind --shortcut place --text words" in report
    assert "--methods erm subg --seeds 0-1" in report
    assert "conflict" not in report + (own / "out" / "mine_results.json").read_text()  # the word is misleads


def test_features_of_ones_own_make_the_ladder_that_python_trains_on(own):
    np.save("f.npy", encoding.features_of())
    flags = [flag for flag in LINE if flag not in ("--text", "words")] + ["--features", "f.npy"]
    assert main([*flags, "--methods", "erm", "--seeds", "0-1"]) == 0
    curve = read_report(own / "out" / "experiment_results.json", "run").lines("curves")[0]
    assert "--features f.npy" in (own / "out" / "results.md").read_text()
    learned = ladder("erm", "out/experiment_ladder.toml", seeds=(0, 1))
    assert [task.counterexamples for task in learned.tasks] == [0, 2, 8, 16]
    assert learned.lines["own-0"]["robust_accuracy"] < 0.2 < curve["mean_at.16"]
    asked = []

    def follow_place(train, val, context):
        asked.append((context.modality, train.features.shape, train.group_ids, len(val)))
        return lambda batch: np.stack([-batch.features[:, 0], batch.features[:, 0] - 12], axis=1)

    followed = ladder(follow_place, "out/experiment_ladder.toml")
    assert asked[0] == ("features", (64, 4), None, 64)
    assert asked[-1][1] == (80, 4)
    assert followed.lines["own-16"]["accuracy_mislead"] < 0.1 < 0.9 < followed.lines["own-16"]["accuracy_agree"]
    assert main(["generate", "out/experiment_ladder.toml", "--format", "captions", "--out", "made"]) == 2
    assert not (own / "made").exists()
    with pytest.raises(ScenarioError, match="own cannot be shown as text: its samples have no caption"):
        ladder("erm", "out/experiment_ladder.toml", modality="text")


def test_a_table_without_splits_is_split_and_the_report_says_so(own, capsys):
    table = pd.read_csv("metadata.csv")
    table.assign(split="all").to_csv("metadata.csv", index=False)
    assert main([*LINE, "--methods", "erm", "--seeds", "0", "--data-dir", "."]) == 0
    drawn = "The table has no splits, so they were drawn at random: 60 %, 15 % and 25 %."
    assert drawn in capsys.readouterr().err.replace("\n", " ")
    report = (own / "out" / "results.md").read_text()
    assert drawn in report
    assert "spurgen run --data-dir . --metadata" in report


def test_a_dry_run_says_what_the_data_are_and_lack(own, capsys):
    assert main([*LINE, "--num-samples", "100", "--dry-run"]) == 0
    said = capsys.readouterr().err
    assert "samples of 240. In train, place goes with kind: 0 with 0 and 1 with 1" in said
    assert "in 8 test samples: with fewer than 10" in said or "test samples" in said
    assert not (own / "out").exists()


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--seeds", "1000"], "--seeds: with --metadata draws are 0 to 999, and 1000 is none"),
        (["--features", "f.npy"], "--features takes the place of --text and --encoder; leave those out"),
        (["--num-epochs", "3"], "--num-epochs has no effect with --metadata; leave it out"),
        (["--generate-data"], "--generate-data has no effect with --metadata"),
        (["--methods", "irm"], "irm needs environments, which your data lack"),
        (["--methods", "ermm"], "there is no method 'ermm'"),
    ],
)
def test_what_own_data_cannot_have_is_refused_at_once(more, message, capsys):
    assert main([*LINE, *more]) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.usefixtures("small")
def test_flags_of_own_data_need_metadata(capsys):
    assert main(["run", "small.toml", "--shortcut", "place"]) == 2
    assert "--shortcut has no effect without --metadata; leave it out" in capsys.readouterr().err.replace("\n", " ")
