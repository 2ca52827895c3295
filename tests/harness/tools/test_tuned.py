"""The check of the worlds that settings were chosen in: judged on planted scores, and measured on a small ladder."""

import ladders
import pytest
import sweep
import tuned

from spurgen.harness.cli import run_script
from spurgen.harness.experiments.tuning import TuningResult, add_result, results_file

SCORES = {"erm": [0.5, 0.51], "subg": [0.7, 0.71]}


def met(**scores):
    return [met for _, _, met in tuned.judge("x", SCORES | scores)[1]]


def test_scores_that_hardly_differ_meet_both_rules():
    (erm, _), rules = tuned.judge("x", SCORES)
    assert erm["Ladder score: all worlds; without each"] == "0.500; 0.510"
    assert [(found, met) for _, found, met in rules] == [("erm: 0.010", True), ("subg > erm", True)]


@pytest.mark.parametrize(("scores", "missed"), [({"jtt": [0.6, 0.64]}, 0), ({"jtt": [0.705, 0.706]}, 1)])
def test_each_rule_is_missed_alone(scores, missed):
    assert [k for k, answer in enumerate(met(**scores)) if answer is False] == [missed]


def test_what_is_chosen_without_a_world_reads_its_results_no_more(tmp_path):
    path = results_file(tmp_path, "v3", "erm")
    path.parent.mkdir()
    for world, l2, accuracy in [(100, 1.0, 0.9), (100, 2.0, 0.5), (101, 1.0, 0.6), (101, 2.0, 0.7)]:
        found = {"task": "few-6", "method": "erm", "access": "none", "identity": "x", "accuracy": accuracy}
        add_result(path, TuningResult(suite="v3", seed=world, options={"l2": l2}, **found))
    assert tuned.chosen(tmp_path, "v3", "erm") == ['{"l2": 1.0}', '{"l2": 2.0}', '{"l2": 1.0}']


@pytest.mark.usefixtures("words")
def test_a_sweeps_choice_is_trained_and_a_missing_sweep_is_named(steps, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ladders.pool, "run", lambda work, jobs, *_: ((job, work(job)) for job in jobs))
    swept, asked = tmp_path / "swept", ["--suite", steps, "--methods", "erm"]
    ran = ["--tasks", "few-6", "--trials", "1", "--seeds", "100-101", "--jobs", "1", "--out", str(swept), "--yes"]
    assert run_script(sweep, [*asked, *ran]) == 0
    known = ["--seeds", "100", "--out", str(tmp_path / "known.json")]
    assert run_script(tuned, ["--sweep", str(swept), *asked, *known]) == 0
    assert "ladder scores differ by at most 0.03" in capsys.readouterr().out
    assert run_script(tuned, ["--sweep", str(tmp_path / "none"), *asked, *known]) == 2
    message = " ".join(capsys.readouterr().err.split())
    assert "has no sweep of erm over several worlds; run: python tools/sweep.py" in message
