"""What a suite is judged on, and which command is named for what it lacks."""

import numpy as np
import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.validity.suite import gather


@pytest.fixture
def empty():
    """Return a function that gathers no rows of a suite."""
    return lambda name: gather(load_suite(name), {}, [], {"erm": "none"})


def test_what_the_default_suite_lacks_is_made_by_make(empty):
    suite = empty("v4")
    assert suite.missing({"a": "x", "b": "x"}) == ["a, b: x; `make benchmark-full` makes what is missing"]


def test_a_ladder_stands_for_its_rungs(ladder_suite, ladder_rows, make_rung_row, as_baseline):
    rows = ladder_rows(ladder_suite)
    rows["erm"]["few-text-0"] = make_rung_row(ladder_suite, 0.95, task="few-text-0", **as_baseline("erm"))
    del rows["subg"]["few-text-4"]
    suite = gather(ladder_suite, rows, [], dict.fromkeys(rows, "none"))
    assert list(suite.tasks) == list(suite.main) == ["few-text", "few-image"]
    ladder = suite.tasks["few-text"]
    assert (ladder.unit, ladder.asked, ladder.labels) == ("world", 5, ["erm", "focal", "group_dro", "jtt"])
    assert ladder.reason("subg") == "subg is not ranked (few-text-4: not run)"
    above = [rows["erm"][f"few-text-{m}"] for m in (4, 16)]
    assert ladder.units("erm") == pytest.approx(np.mean([row.metric("robust_accuracy") for row in above], axis=0))
    assert ladder.units("erm", "wga") == pytest.approx(np.mean([row.metric("wga") for row in above], axis=0))
    assert {m: list(curve) for m, curve in ladder.curves.items()}[0] == ["erm"]
    assert ladder.ceiling is None  # that of the suite's file was measured on other worlds
    free = make_rung_row(ladder_suite, 0.0, task="few-text-16", uncorrelated=True, **as_baseline("erm"))
    known = gather(ladder_suite, rows, [], dict.fromkeys(rows, "none"), {"erm": {"few-text-16": free}})
    states = [free.mean(f"accuracy_{state}") for state in ("agree", "mislead", "neutral")]
    assert known.tasks["few-text"].ceiling == pytest.approx(np.mean(states))


def test_a_row_of_an_earlier_version_of_a_method_does_not_count(make_outcomes, gathered):
    rows = {
        "erm": {"signs-image": make_outcomes("erm", "signs-image", 0.3)},
        "jtt": {"signs-image": make_outcomes("jtt", "signs-image", 0.5, submission_sha256="of an earlier version")},
    }
    assert gathered(rows).tasks["signs-image"].labels == ["erm"]


def test_a_suite_outside_the_project_is_named_by_its_file(toy, toy_file):
    (line,) = gather(toy, {}, [], {}).missing({"a": "x"})
    assert line == f"a: x; `spurgen benchmark --suite {toy_file} --seeds 0-4` makes what is missing"
