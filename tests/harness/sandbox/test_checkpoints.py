"""Returning to a submission's checkpoints, in its own process."""

import pytest

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.sandbox.process import MAX_CHECKPOINTS

CHECKPOINTS = """
place = 2
def fit(train, val, context): ...
def checkpoints(): return {count}
def restore(k):
    global place
    place = {places}[k]
def predict(batch): return [[0.0, 1.0, place]] * len(batch)
"""


def place(worker):
    worker.send("predict", Batch(None, ["a", "b", "c", "d"]))
    return worker.answer(4, 3, "test")[0, 2]


def test_answers_are_those_of_the_restored_checkpoint(trained):
    with trained(CHECKPOINTS.format(count=3, places=[10.0, 20.0, 30.0])) as worker:
        places = [place(worker)]
        for k in (2, 0, 1):
            worker.restore(k)
            places.append(place(worker))
    assert places == [2, 30, 10, 20]


def test_a_failing_restore_is_an_error(trained):
    message = "task a-task: restore failed: IndexError: list index out of range"
    with trained(CHECKPOINTS.format(count=2, places=[1.0])) as worker, pytest.raises(SubmissionError, match=message):
        worker.restore(1)


@pytest.mark.parametrize(
    ("returned", "count"),
    [("0", 0), ("7", 7), (f"{MAX_CHECKPOINTS}", MAX_CHECKPOINTS), ("__import__('numpy').int64(5)", 5)],
)
def test_checkpoints_are_counted(returned, count, trained):
    with trained(CHECKPOINTS.format(count=returned, places=[])) as worker:
        assert worker.checkpoints == count


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("'4'", "fit failed: checkpoints.. returned '4', expected a whole number"),
        ("2.9", "fit failed: checkpoints.. returned 2.9, expected a whole number"),
        ("None", "fit failed: checkpoints.. returned None, expected a whole number"),
        ("-3", "checkpoints.. returned -3, expected 0 to 20; keep fewer"),
        (f"{MAX_CHECKPOINTS + 1}", "checkpoints.. returned 21, expected 0 to 20; keep fewer"),
    ],
)
def test_an_impossible_number_of_checkpoints_is_an_error(returned, message, trained):
    with pytest.raises(SubmissionError, match=message):
        trained(CHECKPOINTS.format(count=returned, places=[]))


def test_without_restore_there_are_no_checkpoints(trained):
    with trained(CHECKPOINTS.format(count=3, places=[]).replace("def restore", "def other")) as worker:
        assert worker.checkpoints == 0
