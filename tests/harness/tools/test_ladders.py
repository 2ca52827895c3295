"""The entry rules of ladders: judged on planted curves, and measured on a small ladder."""

import json

import ladders
import pytest
from ladders import Run, climb, judge

from spurgen.harness.cli import run_script

ERM = {"0": [0.1, 1.0, 0.6], "8": [0.2, 1.0, 0.7], "32": [0.5, 1.0, 0.8], "128": [0.8, 0.98, 0.85]}
FAST = {"0": [0.1, 1.0, 0.6], "8": [0.5, 0.9, 0.7], "32": [0.8, 0.95, 0.8], "128": [0.9, 0.95, 0.9]}


def met(ceiling=0.94, seen=0.99, **curves):
    _, rules = judge("x", {"erm": [ERM, ERM], "subg": [FAST, FAST], "resample": [FAST, FAST]} | curves, ceiling, seen)
    return [rule["Met"] for rule in rules]


def test_a_ladder_that_meets_all_rules():
    assert met() == ["yes"] * 5


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({"ceiling": 0.89}, 0),
        ({"seen": 0.94}, 0),
        ({"erm": [ERM | {"0": [0.31, 1.0, 0.6], "8": [0.32, 1, 1]}]}, 1),
        ({"erm": [ERM | {"128": [0.74, 1.0, 0.9]}]}, 2),
        ({"erm": [ERM | {"32": [0.19, 1.0, 0.9]}]}, 3),
        ({"subg": [ERM]}, 4),
    ],
)
def test_each_rule_is_missed_alone(changes, missed):
    assert [k for k, answer in enumerate(met(**changes)) if answer == "no"] == [missed]


def test_accuracy_is_the_lowest_of_the_three_states():
    opposite = {m: [values[1], values[0], values[2]] for m, values in FAST.items()}
    (_, table), _ = judge("x", {"erm": [ERM], "subg": [opposite]}, 0.94, 0.99)[0], None
    assert table["N"] == judge("x", {"erm": [ERM], "subg": [FAST]}, 0.94, 0.99)[0][1]["N"]


def test_methods_that_see_twins_do_not_count():
    assert met(subg=[ERM], contrastive=[FAST])[-1] == "no"


@pytest.mark.usefixtures("words")
def test_a_climb_has_every_rung_and_the_ceiling_one(steps):
    curve = climb(Run(steps, "few", 100, "erm"))
    assert list(curve) == ["0", "6"]
    assert all(0 <= value <= 1 for values in curve.values() for value in values)
    assert list(climb(Run(steps, "few", 100, "erm", "{}", True))) == ["0"]


@pytest.mark.usefixtures("words")
def test_what_was_measured_is_not_measured_again_and_the_page_is_renewed(steps, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ladders.pool, "run", lambda work, jobs, _=None: ((job, work(job)) for job in jobs))
    page, out = tmp_path / "page.md", tmp_path / "known.json"
    page.write_text(f"before\n{ladders.BEGIN}\n{ladders.END}\nafter\n")
    asked = ["--suite", steps, "--methods", "erm", "subg", "--seeds", "100-101", "--out", str(out), "--page", str(page)]
    assert run_script(ladders, asked) == 1  # letters are no features
    known = json.loads(out.read_text())
    assert len(known) == 2 * 2 + 2
    assert "| few" in page.read_text()
    assert page.read_text().startswith("before\n")
    monkeypatch.setattr(ladders, "climb", None)
    run_script(ladders, asked)
    assert json.loads(out.read_text()) == known
    assert "two methods without twins" in capsys.readouterr().out
