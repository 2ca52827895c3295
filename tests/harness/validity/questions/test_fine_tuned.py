from dataclasses import replace

import pytest

from spurgen.harness.validity.answer import VERDICTS
from spurgen.harness.validity.questions import fine_tuned

LEVELS = [0.2, 0.35, 0.5, 0.65, 0.8]


@pytest.fixture
def examined(make_outcomes, gathered):
    """Return a function that examines accuracies of five methods with frozen and with trained encoders."""

    def examine(frozen, tuned, seeds=3):
        rows = {
            label: {
                "signs-image": make_outcomes(label, "signs-image", wga),
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


def test_the_same_order_and_one_turned_round(examined, line):
    found = line(examined(LEVELS, LEVELS), task="tuned", methods=5)
    assert (found["rho"], found["same_order"], found["pairs"], found["worlds"]) == (pytest.approx(1), 10, 10, 3)
    answer = examined(LEVELS, [*LEVELS[:3], LEVELS[4], LEVELS[3]])
    found = line(answer, task="tuned", methods=5)
    assert (found["rho"], found["same_order"]) == (pytest.approx(0.9), 9)
    assert "Over 5 methods and 3 worlds, Spearman's rho is 0.90 [" in answer.summary
    assert "9 of 10 pairs have the same order, within access tiers 9 of 10." in answer.summary
    assert line(answer, submission="d")["fine_tuned"] > line(answer, submission="e")["fine_tuned"]
    assert answer.plot().axes


def test_scores_are_means_over_the_worlds_that_both_have(examined, line):
    two, five = (examined(LEVELS, LEVELS, seeds=seeds) for seeds in (2, 5))
    assert [line(each, submission="a")["worlds"] for each in (two, five)] == [2, 5]
    scores = [[line(each, submission=label)["frozen"] for label in "abcde"] for each in (two, five)]
    assert scores[1] == pytest.approx(LEVELS, abs=0.002)
    assert scores[0] != pytest.approx(LEVELS, abs=0.002)


def test_too_few_methods_are_named_and_no_ladder_is_no_question(examined, gathered, rows):
    answer = examined(LEVELS[:4], LEVELS[:4])
    assert (answer.verdict, answer.summary, answer.plot) == (VERDICTS[None], "", None)
    assert answer.missing[0].startswith("tuned: fewer than five methods on both; `")
    answer = fine_tuned.examine(gathered(rows))
    assert (answer.verdict, answer.summary, answer.missing) == ("not judged: no ladder trains encoders", "", [])
