from dataclasses import dataclass, field

import pytest

from spurgen.baselines import erm
from spurgen.baselines.training.hyperparameters import Recipe, within
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.sweeping import SweepTrial, read_trials
from spurgen.harness.cli import main
from spurgen.harness.experiments.sweep import choose, keep, ranked, settings


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    strictness: float = field(default=1.0, metadata=within(0.0, 10.0, "nobody", search=(0.1, 1.0, 10.0)))


def trial(options, seed=0, task="a", worst=None, mean=None, accuracy=0.5, **more):
    return SweepTrial(
        suite="s", task=task, method="m", access="none", options=options, seed=seed, identity=f"{task}{options}{seed}",
        accuracy=accuracy, worst=worst, mean=mean, **more,
    )  # fmt: skip


@pytest.mark.parametrize("strategy", ["grid", "random"])
def test_the_defaults_come_first_and_every_other_setting_once(strategy):
    hyper = Hyperparameters()
    every = settings(hyper, 1000, strategy)
    searched = {"lr", "weight_decay", "strictness"}
    assert every[0] == {name: getattr(hyper, name) for name in searched}
    assert all(set(row) == searched for row in every)
    assert len({str(row) for row in every}) == len(every) == 3 * 3 * 3
    assert settings(hyper, 5, strategy) == every[:5]


def test_a_random_search_spreads_over_all_hyper_parameters():
    tried = settings(Hyperparameters(), 8, "random")[1:]
    assert tried != settings(Hyperparameters(), 8, "grid")[1:]
    assert all(len({row[name] for row in tried}) > 1 for name in tried[0])


def test_fewer_than_one_trial_is_refused():
    with pytest.raises(SpurgenError, match="0 trials are none; ask for at least 1"):
        settings(Hyperparameters(), 0, "grid")


def test_the_worst_group_decides_then_the_mean_over_groups_then_the_first():
    trials = [
        trial({}, worst=0.2, mean=0.9, accuracy=1.0),
        trial({"lr": 1.0}, worst=0.3, mean=0.5, accuracy=0.1),
        trial({"lr": 2.0}, worst=0.3, mean=0.6, accuracy=0.1),
        trial({"lr": 3.0}, worst=0.3, mean=0.6, accuracy=0.9),
    ]
    assert choose(trials) == {"lr": 2.0}


def test_without_groups_accuracy_decides():
    assert choose([trial({}, accuracy=0.4), trial({"lr": 1.0}, accuracy=0.6)]) == {"lr": 1.0}


def test_a_setting_is_judged_by_its_mean_over_tasks_and_seeds():
    scores = {"{}": (0.9, 0.1), "lr": (0.6, 0.6)}
    trials = [
        trial({} if name == "{}" else {"lr": 1.0}, task=task, accuracy=score)
        for name, pair in scores.items()
        for task, score in zip("ab", pair, strict=True)
    ]
    assert {str(options): score for options, score in ranked(trials)} == {"{}": (0.5,), "{'lr': 1.0}": (0.6,)}
    assert choose(trials) == {"lr": 1.0}


@pytest.mark.parametrize("spoilt", [{"error": "no", "accuracy": None}, {"broken": ("the penalty became active",)}])
def test_a_setting_that_failed_or_broke_its_promise_anywhere_is_out(spoilt):
    trials = [
        trial({}),
        trial({}, task="b"),
        trial({"lr": 1.0}, accuracy=0.9),
        trial({"lr": 1.0}, **{"task": "b", "accuracy": 0.9, **spoilt}),
    ]
    assert choose(trials) == {}
    assert choose(trials[2:]) is None


def test_a_trial_replaces_the_older_one_of_its_setting(tmp_path):
    path = tmp_path / "s" / "m.jsonl"
    keep(path, trial({}, accuracy=0.1))
    keep(path, trial({}, seed=1))
    keep(path, trial({}, accuracy=0.2))
    assert [(t.seed, t.accuracy) for t in read_trials(path)] == [(1, 0.5), (0, 0.2)]


def test_a_damaged_line_is_named(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text(trial({}).model_dump_json() + "\n{}\n")
    with pytest.raises(SpurgenError, match=r"m.jsonl, line 2 is no trial of this version: .*; delete the line"):
        read_trials(path)


def test_a_sweep_tunes_resumes_and_never_asks_about_test(suite_file, tmp_path, capsys, monkeypatch):
    out = tmp_path / "sweeps"
    command = ["sweep", "--suite", suite_file, "--tasks", "small-text", "--methods", "erm", "group_dro"]
    command += ["--trials", "2", "--device", "cpu", "--out", str(out)]
    assert main(command) == 0
    table = capsys.readouterr().out
    assert "| erm " in table
    assert table == (out / "tiny.md").read_text()
    kept = {name: read_trials(out / "tiny" / f"{name}.jsonl") for name in ("erm", "group_dro")}
    assert [trial.error for trials in kept.values() for trial in trials] == [None] * 4
    assert {trial.worst is None for trial in kept["erm"]} == {True}  # its tier hides groups, on val too
    assert {trial.worst is None for trial in kept["group_dro"]} == {False}
    monkeypatch.setattr("spurgen.harness.executors.local._run", None)  # nothing is left to run
    assert main(command) == 0
    assert capsys.readouterr().out == table


def test_an_unknown_method_is_refused_with_the_nearest_names(suite_file, capsys):
    assert main(["sweep", "--suite", suite_file, "--tasks", "small-text", "--methods", "grup_dro"]) == 2
    assert "there is no method 'grup_dro'; did you mean group_dro" in capsys.readouterr().err


def test_defaults_are_among_what_is_searched():
    for name in ("lr", "weight_decay"):
        entry = erm.Hyperparameters.__dataclass_fields__[name]
        assert entry.default in entry.metadata["search"]
