"""The check of the weight of l2: judged on planted heights, and measured on a small ladder."""

import ladders
import pytest
import strength

from spurgen.harness.cli import run_script

LOW = {0: 0.1, 8: 0.2, 32: 0.6, 128: 0.8}
HIGH = {0: 0.1, 8: 0.7, 32: 0.7, 128: 0.8}
NEVER = {0: 0.0, 8: 0.1, 32: 0.2, 128: 0.3}


def judged(best, other):
    curves = {("erm", "as tuned"): NEVER, ("erm", "l2 = 1e-06"): best, ("subg", "as tuned"): other,
              ("subg", "l2 = 1e-06"): NEVER}  # fmt: skip
    return ladders.judge_numbers("x", curves, 0.8, strength.rule)


def test_erm_is_taken_at_its_best_weight_and_the_others_as_tuned():
    lines, ((_, found, met),) = judged(LOW, HIGH)
    assert [(line["Method"], line["as tuned"], line["l2 = 1e-06"]) for line in lines] == [
        ("erm", ">128", "32"),
        ("subg", "<=8", ">128"),
    ]
    assert (found, met) == ("erm: 32, subg: 8", True)


@pytest.mark.parametrize(("best", "other"), [(HIGH, LOW), (LOW, LOW), (LOW, NEVER), (NEVER, NEVER)])
def test_the_rule_is_missed_where_erm_needs_no_more(best, other):
    assert not judged(best, other)[1][0].met


@pytest.mark.usefixtures("words")
def test_weights_are_trained(ladder_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ladders.pool, "run", lambda work, jobs, _=None: ((job, work(job)) for job in jobs))
    monkeypatch.setattr(strength, "WEIGHTS", (1e-6, 1.0))
    asked = ["--suite", ladder_file, "--ladders", "few-text", "--methods", "erm", "group_dro", "--seeds", "100"]
    run_script(strength, [*asked, "--out", str(tmp_path / "known.json")])
    shown = capsys.readouterr().out
    assert "| l2 = 1e-06 " in shown
    assert "ERM at its best weight needs more" in shown
