from dataclasses import replace

import pytest

from spurgen.harness.validity.answer import FAILS, HOLDS, VERDICTS
from spurgen.harness.validity.questions import erm_failure

TASKS = ("signs-image", "signs-text")
WORLDS = 5


@pytest.fixture
def examined(make_outcomes, gathered):
    def examine(wga=0.2, reference=0.97, aligned=0.99, seeds=5, ideal=1.0, several=False, **changes):
        rows = {task: make_outcomes("erm", task, wga, seeds=seeds, aligned=aligned) for task in TASKS}
        changes = {"uncorrelated": True, **changes}
        references = {task: make_outcomes("erm", task, reference, seeds=seeds, **changes) for task in TASKS}
        ideals = dict.fromkeys(TASKS, ideal and (ideal, 0.0))
        suite = gathered({"erm": rows}, references, ideals=ideals)
        return erm_failure.examine(in_worlds(suite) if several else suite)

    return examine


def in_worlds(suite):
    """Return the suite with tasks of five worlds, so that a result stands for a world; the ideals are alike in all."""

    def divided(task):
        scenario = task.task.scenario.model_copy(update={"worlds": WORLDS})
        values = replace(task.values, task=replace(task.task, scenario=scenario))
        return replace(task, values=values, ideals=list(task.ideals) * WORLDS)

    return replace(suite, tasks={name: divided(task) for name, task in suite.tasks.items()})


def test_erm_that_meets_all_thresholds_passes(examined, line):
    answer = examined()
    assert (answer.verdict, answer.missing) == (HOLDS, [])
    assert [each["task"] for each in answer.tables["ERM"]] == list(TASKS)
    task = line(answer, task="signs-image")
    measured = [task[key] for key in ("aligned_accuracy", "robust_accuracy", "reference_robust_accuracy")]
    assert measured == pytest.approx([0.99, 0.2, 0.97])
    assert [task[key] for key in ("unit", "units", "reference_units", "at_most")] == ["seed", 5, 5, 0.5]
    assert (task["ideal_robust_accuracy"], task["below_ideal"]) == pytest.approx((1, 0.8))


def test_the_summary_names_the_criterion_that_is_missed_the_task_and_by_how_much(examined):
    assert "Missed" not in examined().summary
    said = examined(wga=0.37, several=True).summary
    assert said.endswith(" Missed: robust accuracy at most 0.3, by 0.070 on signs-image and by 0.070 on signs-text.")
    assert "uncorrelated data, by 0.150 on signs-image" in examined(reference=0.8).summary


@pytest.mark.parametrize(("ideal", "verdict"), [(0.2, FAILS), (0.205, FAILS), (0.25, HOLDS)])
def test_the_ideal_observer_must_be_above_erm_by_the_interval(examined, line, ideal, verdict):
    """Seeds differ by .02 at most, so a lead of .05 is significant, and one of .005 is not."""
    answer = examined(wga=0.2, ideal=ideal)
    task = line(answer, task="signs-image")
    assert (answer.verdict, task["below_ideal"]) == (verdict, pytest.approx(ideal - 0.2))
    assert (task["below_ideal_low"] > 0) == (verdict == HOLDS)
    assert any("ideal observer significantly above ERM" in each for each in task["missed"]) == (verdict == FAILS)


def test_without_an_ideal_observer_a_task_cannot_pass_and_its_command_is_named(examined, line):
    answer = examined(ideal=None)
    assert (answer.verdict, line(answer, task="signs-text")["below_ideal"]) == (VERDICTS[None], None)
    assert answer.missing[0].startswith("signs-image, signs-text: no ideal observer; `spurgen splits ideal --suite ")
    assert examined(ideal=None, wga=0.6).verdict == FAILS


@pytest.mark.parametrize(("wga", "verdict"), [(0.3, HOLDS), (0.31, FAILS), (0.45, FAILS)])
def test_tasks_of_several_worlds_must_fail_erm_by_more_and_count_worlds(examined, line, wga, verdict):
    answer = examined(wga=wga, several=True)
    task = line(answer, task="signs-image")
    assert (answer.verdict, task["at_most"], task["unit"], task["units"]) == (verdict, 0.3, "world", WORLDS)
    assert examined(wga=wga).verdict == HOLDS


@pytest.mark.parametrize("changes", [{"wga": 0.51}, {"reference": 0.94}, {"aligned": 0.94}])
def test_each_threshold_can_fail(examined, line, changes):
    answer = examined(**changes)
    assert (answer.verdict, line(answer, task="signs-text")["holds"]) == (FAILS, False)


@pytest.mark.parametrize("seeds", [2, 3])  # the mean of three equal values is off by a rounding
@pytest.mark.parametrize("changes", [{"wga": 0.5}, {"reference": 0.95}, {"aligned": 0.95}])
def test_a_value_that_equals_the_threshold_passes(examined, changes, seeds):
    assert examined(**changes, seeds=seeds).verdict == HOLDS


@pytest.mark.parametrize("unsound", [{"uncorrelated": False}, {"data_sha256": "0"}, {"groups": (1,) * 12}])
def test_an_invalid_reference_does_not_count(examined, line, unsound):
    answer = examined(**unsound)
    assert answer.verdict == VERDICTS[None]
    assert line(answer, task="signs-image")["reference_robust_accuracy"] is None
    (lack,) = answer.missing
    assert lack.startswith("signs-image, signs-text: no erm trained on uncorrelated data; `python tools/calibrate.py ")


def test_the_reason_why_erm_is_not_ranked_is_given(make_outcomes, gathered):
    answer = erm_failure.examine(gathered({"erm": {"signs-image": make_outcomes("erm")[::2]}}))
    reason = "incomplete: has the seeds 0, 2, 4, expected all from 0 on; run or merge the others"
    assert [each.partition("; `")[0] for each in answer.missing[:2]] == [
        f"signs-image: erm is not ranked ({reason})",
        "signs-text: no row of erm",
    ]
    assert (answer.verdict, answer.summary, answer.plot) == (VERDICTS[None], "", None)
