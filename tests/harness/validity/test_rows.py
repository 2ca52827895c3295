"""What a suite is judged on, and which command is named for what it lacks."""

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.validity._report import examine, summary
from spurgen.harness.validity._rows import gather


@pytest.fixture
def empty():
    """Return a function that gathers no rows of a suite."""
    return lambda name: gather(load_suite(name), {}, {}, [], {"erm": "none"})


@pytest.mark.parametrize(
    ("name", "tasks", "makes_rows", "makes_references"),
    [
        ("v1", ["signs-image", "signs-text", "signs-multimodal"], "make benchmark-full", "make calibrate"),
        (
            "v1-imagenet", ["imagenet-image"],
            "spurgen benchmark --suite v1-imagenet --seeds 0-4",
            "spurgen calibrate --suite v1-imagenet --tasks imagenet-image",
        ),
    ],
)  # fmt: skip
def test_a_suite_is_judged_on_its_main_tasks(empty, name, tasks, makes_rows, makes_references):
    suite = empty(name)
    assert list(suite.main) == tasks
    assert suite.missing({"a": "x", "b": "x"}) == [f"a, b: x; `{makes_rows}` makes what is missing"]
    assert suite.missing({"a": "x"}, references=True) == [f"a: x; `{makes_references}` makes what is missing"]


def test_a_suite_outside_the_project_is_named_by_its_file(toy, toy_file):
    (line,) = gather(toy, {}, {}, [], {}).missing({"a": "x"})
    assert line == f"a: x; `spurgen benchmark --suite {toy_file} --seeds 0-4` makes what is missing"


def test_a_test_without_a_task_in_the_suite_is_not_judged(empty):
    sections = examine(empty("v1-imagenet"))
    assert sections["dose_response"].missing == []
    text = summary(sections)
    assert "Dose response: not judged: the suite has no task for it." in text
    assert text.count("not judged yet (rows are missing)") == 3
    assert "Dose response: not judged yet (rows are missing)" in summary(examine(empty("v1")))
