"""The entry rules of ladders: judged on planted curves, and measured on a small ladder."""

import json

import ladders
import pytest
from ladders import STATES, judge

from spurgen.harness.cli import run_script
from spurgen.harness.experiments import curves
from spurgen.harness.validity.ladders import Untidy


def planted(curve):
    named = {m: {f"accuracy_{state}": each for state, each in zip(STATES, at, strict=True)} for m, at in curve.items()}
    return {m: at | {"robust_accuracy": min(at.values())} for m, at in named.items()}


SLOW = {"0": [0.1, 1.0, 0.6], "8": [0.2, 1.0, 0.7], "32": [0.5, 1.0, 0.8], "128": [0.8, 0.98, 0.85]}
QUICK = {"0": [0.1, 1.0, 0.6], "8": [0.5, 0.9, 0.7], "32": [0.8, 0.95, 0.8], "128": [0.9, 0.95, 0.9]}
ERM, FAST = planted(SLOW), planted(QUICK)


def test_accuracy_is_the_lowest_of_the_three_states():
    opposite = planted({m: [values[1], values[0], values[2]] for m, values in QUICK.items()})
    _, table = judge("x", {"erm": [ERM], "subg": [opposite]}, 0.94, 0.99)[0]
    assert table["N"] == judge("x", {"erm": [ERM], "subg": [FAST]}, 0.94, 0.99)[0][1]["N"]


def test_the_rules_are_asked_of_means_over_worlds():
    _, rules = judge("x", {"erm": [ERM, FAST], "subg": [FAST], "contrastive": [FAST]}, 0.94, 0.94)
    assert [(rule, met) for rule, _, met in rules] == [
        ("ERM rises from rung to rung", True),
        ("ERM without counterexamples at most 0.3", True),
        ("ceiling at least 0.9", True),
        ("ceiling on things of train at least 0.95", False),
        ("ERM on the highest rung at least 0.8 of the ceiling", True),
        ("two methods without twins need at most 2/3 of ERM's", False),
    ]
    assert rules[0][1] == "0.10, 0.35, 0.65, 0.85"


@pytest.mark.usefixtures("words")
def test_what_was_measured_is_not_measured_again_and_the_page_is_renewed(steps, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(curves.pool, "run", lambda work, jobs, _=None: ((job, work(job)) for job in jobs))
    page, out = tmp_path / "page.md", tmp_path / "known.json"
    page.write_text("before\n<!-- ladders: begin -->\n<!-- ladders: end -->\nafter\n")
    asked = ["--suite", steps, "--methods", "erm", "subg", "--seeds", "100-101", "--out", str(out), "--page", str(page)]
    assert run_script(ladders, asked) == 1  # letters are no features
    known = json.loads(out.read_text())
    assert len(known) == 2 * 7  # beside the methods the ceiling, bsoftmax, two control rows and ERM's errors
    assert "| few" in page.read_text()
    assert page.read_text().startswith("before\n")
    monkeypatch.setattr(curves, "climb", None)
    run_script(ladders, asked)
    assert json.loads(out.read_text()) == known
    assert "two methods without twins" in capsys.readouterr().out


def test_a_ladder_that_the_suite_lacks_is_an_error_with_similar_names(tmp_path, capsys):
    assert run_script(ladders, ["--ladders", "things-texts", "--out", str(tmp_path / "known.json")]) == 2
    assert "there is no ladder 'things-texts'; did you mean things-text" in " ".join(capsys.readouterr().err.split())


UNTIDY = Untidy(0.76, 0.03, "subg", "inferred", ["masked"])


@pytest.mark.parametrize(
    ("untidy", "given", "met"),
    [
        (UNTIDY, FAST, [False, True, True, True]),
        (UNTIDY._replace(precision=0.75, apart=0.031), FAST, [True, True, True, False]),
        (UNTIDY._replace(inferred="quick", tricks=["quick"]), ERM, [False, False, False, True]),
        (UNTIDY, planted(SLOW | {"128": [0.5, 1, 1]}), [False, False, True, True]),  # given groups that reach nothing
    ],
)
def test_drawn_ladders_are_to_be_as_untidy_as_real_data(untidy, given, met):
    curves = {"erm": [ERM], "subg": [given], "quick": [FAST], "inferred": [ERM], "masked": [ERM]}
    _, rules = judge("x", curves, 0.94, 0.99, untidy)
    assert [rule.met for rule in rules[-4:]] == met
    assert "masked" not in rules[-5].found


def test_real_ladders_are_as_hard_as_they_are():
    real = {m: {k: v for k, v in at.items() if k != "accuracy_neutral"} for m, at in ERM.items()}
    (line,), rules = judge("x", {"erm": [real]}, 0.6, None, real=True)
    assert line["m = 8"] == "0.20 (1.00)"
    assert [rule.met for rule in rules] == [True, True, False]
