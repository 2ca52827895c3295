"""What is varied on ladders: judged on planted heights, and measured on a small ladder."""

import json
from importlib import import_module

import pytest
import sweep
import vary

from spurgen.harness.cli import run_script
from spurgen.harness.experiments import curves as measured
from spurgen.harness.experiments.tuning import TuningResult, add_result, results_file

pytestmark = pytest.mark.usefixtures("words")
RUNGS = {0: 0.1, 8: 0.2, 32: 0.6, 128: 0.8}
LOW, HIGH, NEVER = RUNGS, {0: 0.1, 8: 0.7, 32: 0.7, 128: 0.8}, {0: 0.0, 8: 0.1, 32: 0.2, 128: 0.3}
FLAT, ABOVE = [{0: 0.1, 8: 0.3, 32: 0.6}] * 3, [{0: 0.2, 8: 0.4, 32: 0.7}] * 3


def judged(name, **curves):
    """Return the table of curves, by method and in the order of kinds, and what was found and met."""
    lines, rules = vary.VARIED[name].judge("x", curves, 0.8)
    return lines, [(found, met) for _, found, met in rules]


def missed(name, **curves):
    return [k for k, (_, met) in enumerate(judged(name, **curves)[1]) if not met]


def numbered(curves):
    return dict(enumerate(curves))


def climbing(first, second):
    return [{0: 0.1, 8: 0.4, 32: height} for height in (0.61, 0.61 + first, 0.61 + first + second)]


@pytest.mark.parametrize(
    ("curves", "wrong"),
    [
        ({}, []),
        ({"erm": [FLAT[0], FLAT[0], FLAT[0] | {8: 0.331}]}, [0]),
        ({"erm": [FLAT[0], FLAT[0] | {8: 0.285}, FLAT[0] | {8: 0.316}]}, [0]),
        ({"jtt": climbing(0.0, 0.051)}, [1]),
        ({"jtt": climbing(0.04, 0.04)}, []),
        ({"dfr": [{0: 0.2, 8: 0.4, 32: height} for height in (0.68, 0.71, 0.71)]}, [2]),
    ],
)
def test_each_rule_of_budgets_is_missed_alone(curves, wrong):
    of = {method: numbered(each) for method, each in ({"erm": FLAT, "jtt": ABOVE} | curves).items()}
    assert missed("budget", **of) == wrong


@pytest.mark.parametrize(
    ("rungs", "between", "cells", "verdict"),
    [
        (RUNGS, (0.4, 0.7), ("0.400 (0.400)", "32", "32"), ("erm: 0%", True)),
        (RUNGS, (0.61, 0.7), ("0.610 (0.400)", "32", "16"), ("erm: 50%", False)),
        (
            {0: 0.1, 8: 0.2, 32: 0.3, 128: 0.55}, (0.25, 0.75), ("0.250 (0.250)", ">128", "58"),
            ("erm: one is beyond the ladder", False),
        ),
    ],
)  # fmt: skip
def test_rungs_between_may_change_the_number_a_little(rungs, between, cells, verdict):
    (line,), found = judged("between", erm={"rungs": rungs, "between": dict(zip((16, 64), between, strict=True))})
    assert (line["m = 16"], line["N"], line["N of all"]) == cells
    assert found == [verdict]


MIDDLE = {**LOW, 8: 0.3, 32: 0.7}


@pytest.mark.parametrize(
    ("beside", "rho", "met"), [((HIGH, MIDDLE, LOW), "1.00", True), ((LOW, MIDDLE, HIGH), "-1.00", False)]
)
def test_methods_keep_their_order_with_the_l2_beside_the_chosen(beside, rho, met):
    tuned = {"subg": HIGH, "jtt": MIDDLE, "erm": LOW}
    both = {name: {vary.TUNED: tuned[name], "l2 x 3": other} for name, other in zip(tuned, beside, strict=True)}
    lines, found = judged("strength", **both)
    assert [(line["Method"], line["as tuned"]) for line in lines] == [("subg", "<=8"), ("jtt", "23"), ("erm", "32")]
    assert found == [(f"l2 x 3: {rho}", met)]


@pytest.mark.parametrize(("larger", "met"), [(HIGH, True), ({**HIGH, 8: 0.1, 32: 0.2}, False)])
def test_the_order_of_numbers_must_stay_with_more_samples(larger, met):
    lines, found = judged("size", erm={"n = 60": LOW, "n = 120": LOW}, subg={"n = 60": HIGH, "n = 120": larger})
    assert [(line["Method"], line["n = 60"]) for line in lines] == [("erm", "32"), ("subg", "<=8")]
    assert found == [("subg < erm" + ("" if met else "; erm < subg"), met)]


@pytest.mark.parametrize(("scores", "wrong"), [({}, []), ({"jtt": [0.6, 0.64]}, [0]), ({"jtt": [0.705, 0.706]}, [1])])
def test_each_rule_of_settings_is_missed_alone(scores, wrong):
    each = {"erm": [0.5, 0.51], "subg": [0.7, 0.71]} | scores
    curves = {method: numbered({0: 0.9, 8: of, 32: of} for of in scores) for method, scores in each.items()}
    (erm, *_), found = judged("tuned", **curves)
    assert erm["Ladder score: all worlds; without each"] == "0.500; 0.510"
    assert [k for k, (_, met) in enumerate(found) if not met] == wrong
    if not scores:
        assert found == [("erm: 0.010", True), ("subg > erm", True)]


def test_what_is_chosen_without_a_world_reads_its_results_no_more(tmp_path):
    path = results_file(tmp_path, "v4", "erm")
    path.parent.mkdir()
    for world, l2, accuracy in [(100, 1.0, 0.9), (100, 2.0, 0.5), (101, 1.0, 0.6), (101, 2.0, 0.7)]:
        found = {"task": "few-6", "method": "erm", "access": "none", "identity": "x", "accuracy": accuracy}
        add_result(path, TuningResult(suite="v4", seed=world, options={"l2": l2}, **found))
    assert vary.chosen(tmp_path, "v4", "erm") == ['{"l2": 1.0}', '{"l2": 2.0}', '{"l2": 1.0}']


@pytest.fixture
def varied(ladder_file, tmp_path, monkeypatch, capsys):
    """Return a function that varies something on a small ladder, and returns the exit code and what was printed."""
    monkeypatch.setattr(measured.pool, "run", lambda work, jobs, *_: ((job, work(job)) for job in jobs))

    def run(name, *flags, methods=("erm",), seeds="100"):
        asked = ["--suite", ladder_file, "--ladders", "few-text", "--methods", *methods, "--seeds", seeds]
        code = run_script(vary, [name, *asked, "--out", str(tmp_path / "known.json"), *flags])
        return code, "".join(capsys.readouterr())

    return run


def test_every_budget_and_the_rungs_between_are_trained(varied, tmp_path):
    _, shown = varied("budget", "--values", "1", "2", methods=["erm", "subg"])
    known = {json.loads(key)[3] + json.loads(key)[4] for key in json.loads((tmp_path / "known.json").read_text())}
    assert known == {"erm{}", 'erm{"budget": 2}', "subg{}", 'subg{"budget": 2}'}
    assert "the order of ladder scores stays" in shown
    assert "name at least two --values" in varied("budget", "--values", "1")[1]
    _, shown = varied("between")
    assert "| m = 8 " in shown
    assert "rungs between change N by at most 15%" in shown


def test_weights_are_factors_of_the_chosen_one(varied, tmp_path):
    _, shown = varied("strength", "--values", "10", methods=["erm", "group_dro"])
    trained = {json.loads(key)[4] for key in json.loads((tmp_path / "known.json").read_text())}
    chosen = {
        name: import_module(f"spurgen.baselines.{name}").submission.hyper("features").l2
        for name in ("erm", "group_dro")
    }
    assert trained == {"{}", *(json.dumps({"l2": 10 * l2}) for l2 in chosen.values())}
    assert "| l2 x 10 " in shown
    assert "the order keeps a Spearman's rho" in shown
    assert "name at least two --methods" in varied("strength")[1]


def test_methods_are_trained_on_fewer_and_on_more_samples(varied, monkeypatch):
    sizes = set()

    def fit(job, here, train, val, fit=measured.fit):
        assert len(train.labels) == job.task.num_train
        sizes.add(job.task.num_train)
        return fit(job, here, train, val)

    monkeypatch.setattr(measured, "fit", fit)
    _, shown = varied("size")
    assert sorted(sizes) == [32, 64, 128]
    assert "| n = 128" in shown


def test_a_sweeps_choice_is_trained_and_a_missing_sweep_is_named(varied, ladder_file, tmp_path):
    swept = tmp_path / "swept"
    asked = ["--suite", ladder_file, "--methods", "erm", "--tasks", "few-text-4", "--trials", "1", "--jobs", "1"]
    assert run_script(sweep, [*asked, "--seeds", "100-101", "--out", str(swept), "--yes"]) == 0
    code, shown = varied("tuned", "--sweep", str(swept))
    assert code == 0
    assert "ladder scores differ by at most 0.03" in shown
    code, shown = varied("tuned", "--sweep", str(tmp_path / "none"))
    assert code == 2
    assert "has no sweep of erm over several worlds; run: python tools/sweep.py" in " ".join(shown.split())
