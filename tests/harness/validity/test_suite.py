"""What a suite is judged on, and which command is named for what it lacks."""

from dataclasses import replace

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.validity.suite import gather


@pytest.fixture
def empty():
    """Return a function that gathers no rows of a suite."""
    return lambda name: gather(load_suite(name), {}, {}, [], {"erm": "none"})


def test_v2_is_judged_on_its_main_tasks_and_its_targets_are_named(empty):
    suite = empty("v2")
    assert list(suite.main) == ["composite-text", "composite-image", "composite-multimodal"]
    assert suite.missing({"a": "x", "b": "x"}) == ["a, b: x; `make benchmark-full` makes what is missing"]
    assert suite.missing({"a": "x"}, references=True) == ["a: x; `make calibrate` makes what is missing"]
    assert suite.missing({"a": "x"}, ideals=True) == ["a: x; `spurgen splits ideal --suite v2` makes what is missing"]


def test_a_row_of_an_earlier_version_of_a_method_does_not_count(make_outcomes, gathered):
    rows = {
        "erm": {"signs-image": make_outcomes("erm", "signs-image", 0.3)},
        "jtt": {"signs-image": make_outcomes("jtt", "signs-image", 0.5, submission_sha256="of an earlier version")},
    }
    assert list(gathered(rows).tasks["signs-image"].rows) == ["erm"]


def test_a_suite_outside_the_project_is_named_by_its_file(toy, toy_file):
    (line,) = gather(toy, {}, {}, [], {}).missing({"a": "x"})
    assert line == f"a: x; `spurgen benchmark --suite {toy_file} --seeds 0-4` makes what is missing"


def test_the_ideal_observer_is_taken_by_world_and_subtracted_by_unit(rows, gathered):
    task = gathered(rows, ideals={"signs-image": (0.9, 0.2)}).tasks["signs-image"]
    assert (task.ideal(), task.ideal("reliance"), task.ideal("sss")) == (pytest.approx(0.9), pytest.approx(0.2), None)
    assert task.less_ideal("erm") == pytest.approx(task.units("erm") - 0.9)
    assert task.less_ideal("erm", "sss") is None
    scenario = task.task.scenario.model_copy(update={"worlds": 5})
    by_world = [
        ideal.model_copy(update={"metrics": {"robust_accuracy": k / 10}}) for ideal in task.ideals for k in range(5)
    ]
    worlds = replace(task, values=replace(task.values, task=replace(task.task, scenario=scenario)), ideals=by_world)
    assert worlds.less_ideal("erm") == pytest.approx(task.units("erm") - [0, 0.1, 0.2, 0.3, 0.4])
    assert worlds.ideal() == pytest.approx(0.2)
    assert replace(worlds, ideals=by_world[:4]).ideal() is None
