"""The check of the budget: judged on planted heights, and measured on a small ladder."""

import json

import budget
import ladders
import pytest

from spurgen.harness.cli import run_script

FLAT = [{0: 0.1, 8: 0.3, 32: 0.6}] * 3
HIGHER = [{0: 0.2, 8: 0.4, 32: 0.7}] * 3


def climbing(first, second):
    return [{0: 0.1, 8: 0.4, 32: height} for height in (0.61, 0.61 + first, 0.61 + first + second)]


def met(**curves):
    return [met for _, _, met in budget.judge("x", {"erm": FLAT, "jtt": HIGHER} | curves)[1]]


def test_heights_that_do_not_change_meet_all_rules():
    assert met() == [True] * 3


@pytest.mark.parametrize(
    ("curves", "missed"),
    [
        ({"erm": [FLAT[0], FLAT[0], FLAT[0] | {8: 0.331}]}, 0),
        ({"erm": [FLAT[0], FLAT[0] | {8: 0.285}, FLAT[0] | {8: 0.316}]}, 0),
        ({"jtt": climbing(0.0, 0.051)}, 1),
        ({"dfr": [{0: 0.2, 8: 0.4, 32: height} for height in (0.68, 0.71, 0.71)]}, 2),
    ],
)
def test_each_rule_is_missed_alone(curves, missed):
    assert [k for k, answer in enumerate(met(**curves)) if answer is False] == [missed]


def test_a_small_change_at_each_step_meets_the_rule_of_methods():
    assert met(jtt=climbing(0.04, 0.04))[1] is True


@pytest.mark.usefixtures("words")
def test_every_budget_is_measured_once(steps, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ladders.pool, "run", lambda work, jobs, _=None: ((job, work(job)) for job in jobs))
    out = tmp_path / "known.json"
    asked = ["--suite", steps, "--methods", "erm", "subg", "--budgets", "1", "2", "--out", str(out)]
    run_script(budget, asked)
    known = {json.loads(key)[3] + json.loads(key)[4]: curve for key, curve in json.loads(out.read_text()).items()}
    assert set(known) == {"erm{}", 'erm{"budget": 2}', "subg{}", 'subg{"budget": 2}'}
    assert "the order of ladder scores stays" in capsys.readouterr().out
