from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.validity import rankings
from spurgen.harness.validity.rankings import fine_tuned, reliability
from spurgen.harness.validity.suite import VERDICTS

LEVELS = [0.05 + 0.09 * k for k in range(10)]
NAMES = "abcdefghij"


@pytest.fixture
def examined(make_outcomes, gathered):
    """Return a function that examines rows: task -> robust accuracies of the first methods of `NAMES`."""

    def examine(**tasks):
        rows = {}
        for task, levels in tasks.items():
            name = task.replace("_", "-")
            for label, wga in zip(NAMES, levels, strict=False):
                rows.setdefault(label, {})[name] = make_outcomes(label, name, wga)
        return reliability.examine(gathered(rows))

    return examine


def test_rows_far_apart_have_one_order_in_all_units(examined, line):
    units = line(examined(signs_image=LEVELS), task="signs-image")
    assert [units[key] for key in ("unit", "units", "methods")] == ["seed", 5, 10]
    assert (units["rho"], units["lowest"]) == (pytest.approx(1), pytest.approx(1))


def test_equal_rows_are_ordered_by_chance(examined, line):
    units = line(examined(signs_image=[0.5] * 10), task="signs-image")
    assert abs(units["rho"]) < 0.3
    assert units["lowest"] < 0


def test_tasks_that_order_methods_alike_or_the_other_way_round(examined, line):
    alike = line(examined(signs_image=LEVELS, signs_text=LEVELS), first="signs-image", second="signs-text")
    assert (alike["methods"], alike["rho"]) == (10, pytest.approx(1))
    answer = examined(signs_image=LEVELS, signs_text=LEVELS[::-1])
    assert line(answer, first="signs-image")["rho"] == pytest.approx(-1)
    assert "Between tasks: -1.00, within access tiers -1.00 (signs-image - signs-text)." in answer.summary


def test_few_methods_are_not_compared_between_tasks(examined):
    answer = examined(signs_image=LEVELS[:9], signs_text=LEVELS[:9])
    assert [len(table) for table in answer.tables.values()] == [2, 0]
    answer = examined(signs_image=LEVELS[:4], signs_text=LEVELS[:4])
    assert (answer.summary, [*answer.tables.values()]) == ("", [[], []])
    assert answer.missing[0].startswith("signs-image, signs-text: fewer than five ranked rows; `")


def test_units_in_which_all_methods_tie_do_not_count(examined, monkeypatch):
    monkeypatch.setattr(rankings, "rank_rho", lambda *_: np.float64(np.nan))
    answer = examined(signs_image=LEVELS)
    assert answer.summary == "Spearman's rho between two worlds or seeds: - (lowest -)."


FIVE_LEVELS = [0.2, 0.35, 0.5, 0.65, 0.8]


@pytest.fixture
def tuned_and_frozen(make_outcomes, gathered):
    """Return a function that examines accuracies of five methods with frozen and with trained encoders."""

    def examine(frozen, tuned, seeds=3, frozen_seeds=5):
        rows = {
            label: {
                "signs-image": make_outcomes(label, "signs-image", wga, seeds=frozen_seeds),
                "signs-text": make_outcomes(label, "signs-text", other, seeds=seeds),
            }
            for label, wga, other in zip("abcde", frozen, tuned, strict=False)
        }
        suite = gathered(rows)
        first, second = (suite.tasks[name] for name in ("signs-image", "signs-text"))
        tasks = {
            "frozen": replace(first, name="frozen", task=replace(first.task, backbone="frozen")),
            "tuned": replace(second, name="tuned", task=replace(second.task, backbone="finetuned", modality="image")),
            "weak-image": suite.tasks["weak-image"],
        }
        return fine_tuned.examine(replace(suite, tasks=tasks))

    return examine


def test_the_same_order_and_one_turned_round(tuned_and_frozen, line):
    found = line(tuned_and_frozen(FIVE_LEVELS, FIVE_LEVELS), task="tuned", methods=5)
    assert (found["rho"], found["same_order"], found["pairs"], found["worlds"]) == (pytest.approx(1), 10, 10, 3)
    answer = tuned_and_frozen(FIVE_LEVELS, [*FIVE_LEVELS[:3], FIVE_LEVELS[4], FIVE_LEVELS[3]])
    found = line(answer, task="tuned", methods=5)
    assert (found["rho"], found["same_order"]) == (pytest.approx(0.9), 9)
    assert "Over 5 methods and 3 worlds, Spearman's rho is 0.90 [" in answer.summary
    assert "9 of 10 pairs have the same order, within access tiers 9 of 10." in answer.summary
    assert line(answer, submission="d")["fine_tuned"] > line(answer, submission="e")["fine_tuned"]
    assert answer.plot().axes


def test_scores_are_means_over_the_worlds_that_both_have(tuned_and_frozen, line):
    two, five = (tuned_and_frozen(FIVE_LEVELS, FIVE_LEVELS, seeds=seeds) for seeds in (2, 5))
    assert [line(each, submission="a")["worlds"] for each in (two, five)] == [2, 5]
    scores = [[line(each, submission=label)["frozen"] for label in "abcde"] for each in (two, five)]
    assert scores[1] == pytest.approx(FIVE_LEVELS, abs=0.002)
    assert scores[0] != pytest.approx(FIVE_LEVELS, abs=0.002)
    fewer = line(tuned_and_frozen(FIVE_LEVELS, FIVE_LEVELS, seeds=5, frozen_seeds=2), submission="a")
    assert (fewer["worlds"], fewer["frozen"]) == (2, pytest.approx(scores[0][0]))


def test_too_few_methods_are_named_and_no_ladder_is_no_question(tuned_and_frozen, gathered, rows):
    answer = tuned_and_frozen(FIVE_LEVELS[:4], FIVE_LEVELS[:4])
    assert (answer.verdict, answer.summary, answer.plot) == (VERDICTS[None], "", None)
    assert answer.missing[0].startswith("tuned: fewer than five methods on both; `")
    answer = fine_tuned.examine(gathered(rows))
    assert (answer.verdict, answer.summary, answer.missing) == ("not judged: no ladder trains encoders", "", [])
