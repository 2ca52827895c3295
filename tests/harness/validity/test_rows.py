"""What a suite is judged on, and which command is named for what it lacks."""

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.validity._report import examine, summary
from spurgen.harness.validity._rows import gather


@pytest.fixture
def bare():
    """Returns a function that gathers evidence on a suite without rows."""
    return lambda name: gather(load_suite(name), {}, {}, [], ["erm"])


@pytest.mark.parametrize(
    ("suite", "tasks", "makes_rows", "makes_references"),
    [
        ("v1", ["signs-image", "signs-text", "signs-multimodal"], "make benchmark-full", "make calibrate"),
        (
            "v1-imagenet", ["imagenet-image"],
            "spurgen benchmark --suite v1-imagenet --seeds 5",
            "spurgen calibrate --suite v1-imagenet --tasks imagenet-image",
        ),
    ],
)  # fmt: skip
def test_a_suite_is_judged_on_its_main_tasks(bare, suite, tasks, makes_rows, makes_references):
    evidence = bare(suite)
    assert list(evidence.main) == tasks
    assert evidence.lacking({"a": "x", "b": "x"}) == [f"a, b: x; `{makes_rows}` makes what is missing"]
    assert evidence.lacking({"a": "x"}, references=True) == [f"a: x; `{makes_references}` makes what is missing"]


def test_a_suite_outside_the_project_is_named_by_its_file(toy, toy_file):
    (told,) = gather(toy, {}, {}, [], []).lacking({"a": "x"})
    assert told == f"a: x; `spurgen benchmark --suite {toy_file} --seeds 5` makes what is missing"


def test_a_test_that_a_suite_has_no_task_for_is_not_asked(bare):
    results = examine(bare("v1-imagenet"))
    assert results["dose_response"]["missing"] == []
    told = summary(results)
    assert "The dose makes the response: not asked: the suite has no task for it." in told
    assert told.count("not judged yet, for want of rows") == 3
    assert "The dose makes the response: not judged yet, for want of rows" in summary(examine(bare("v1")))
