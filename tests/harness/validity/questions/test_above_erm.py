import pytest

from spurgen.harness.validity.answer import FAILS, HOLDS, VERDICTS
from spurgen.harness.validity.questions import above_erm

TASKS = ("signs-image", "signs-text")


@pytest.fixture
def examined(make_outcomes, gathered):
    """Return a function that examines methods with a robust accuracy on both main tasks."""

    def examine(**methods):
        rows = {label: {task: make_outcomes(label, task, wga) for task in TASKS} for label, wga in methods.items()}
        return above_erm.examine(gathered(rows))

    return examine


def test_methods_that_are_significantly_above_erm_pass(examined, line):
    answer = examined(erm=0.2, jtt=0.5, group_dro=0.8, resample=0.2)
    assert (answer.verdict, answer.missing) == (HOLDS, [])
    (lines,) = answer.tables.values()
    assert [each["submission"] for each in lines] == ["group_dro", "jtt", "resample"] * 2
    jtt = line(answer, task="signs-text", submission="jtt")
    assert (jtt["difference"], jtt["above"]) == (pytest.approx(0.3), True)
    assert 0 < jtt["difference_low"] < 0.3 < jtt["difference_high"]
    assert jtt["p_holm"] < 0.05
    assert line(answer, task="signs-text", submission="resample")["above"] is False
    assert "jtt +0.30*; group_dro +0.60*" in answer.summary
    assert "Methods above ERM: 2 of 3." in answer.summary


def test_the_answer_is_corrected_for_the_two_methods_alone(examined, line):
    """A lead that is significant among two but not among 22 passes; the board's column says what it is among 22."""
    others = {f"other_{k}": 0.2 for k in range(20)}
    answer = examined(erm=0.2, jtt=0.235, group_dro=0.8, **others)
    jtt = line(answer, task="signs-text", submission="jtt")
    assert (answer.verdict, jtt["above"], jtt["above_of_two"]) == (HOLDS, False, True)
    assert jtt["p_holm"] > 0.05 > jtt["p_of_two"] == pytest.approx(jtt["p"])


@pytest.mark.parametrize("methods", [{"jtt": 0.2, "group_dro": 0.8}, {"jtt": 0.5, "group_dro": 0.1}])
def test_one_method_that_is_not_above_erm_fails(examined, methods):
    assert examined(erm=0.2, **methods).verdict == FAILS


def test_a_method_that_was_not_run_is_named(examined):
    answer = examined(erm=0.2, jtt=0.5)
    assert answer.verdict == VERDICTS[None]
    assert answer.missing[0].startswith("signs-image, signs-text: no row of group_dro; `spurgen benchmark --suite ")


def test_without_erm_there_is_nothing_to_compare(examined):
    answer = examined(jtt=0.5, group_dro=0.8)
    assert (answer.verdict, answer.summary, answer.plot) == (VERDICTS[None], "", None)
    assert "no row of erm" in answer.missing[0]


def test_a_single_seed_allows_no_test(make_outcomes, gathered, line):
    robust = {"erm": 0.2, "jtt": 0.9, "group_dro": 0.1}
    rows = {label: {task: make_outcomes(label, task, wga, seeds=1) for task in TASKS} for label, wga in robust.items()}
    answer = above_erm.examine(gathered(rows))
    lead = line(answer, task="signs-image", submission="jtt")
    assert [lead[key] for key in ("difference_low", "p", "p_holm", "above")] == [None] * 4
    assert answer.verdict == VERDICTS[None]
    assert answer.missing[0].startswith("signs-image, signs-text: too few results for a test; `spurgen benchmark ")
