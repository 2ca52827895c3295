"""Going back to a submission's checkpoints, in its own process."""

import numpy as np
import pytest

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.sandbox.process import MAX_CHECKPOINTS, Worker

CAPTIONS = ["a", "b", "c", "d"]
KEEPING = """
place = 2
def fit(train, val, context): ...
def checkpoints(): return {kept}
def restore(k):
    global place
    place = {found}[k]
def predict(batch): return [[0.0, 1.0, place]] * len(batch)
"""


@pytest.fixture
def trained(write_submission):
    """Returns a function that lends a worker that has trained on next to nothing."""
    data = LabeledData(Batch(None, CAPTIONS), np.arange(4), 6)

    def train(code):
        worker = Worker(write_submission(code), {}, "a-task")
        try:
            worker.fit(data, data, Context(("x", "y", "z"), "text", 32, "cpu", 5, worker.scratch))
        except BaseException:
            worker.close()
            raise
        return worker

    return train


def place(worker):
    worker.send("predict", Batch(None, CAPTIONS))
    return worker.answer(4, 3, "test")[0, 2]


def test_the_worker_answers_as_at_the_checkpoint_that_was_gone_back_to(trained):
    with trained(KEEPING.format(kept=3, found=[10.0, 20.0, 30.0])) as worker:
        found = [place(worker)]
        for k in (2, 0, 1):
            worker.restore(k)
            found.append(place(worker))
    assert found == [2, 30, 10, 20]


def test_a_restore_that_fails_is_told(trained):
    told = "task a-task: restore failed: IndexError: list index out of range"
    with trained(KEEPING.format(kept=2, found=[1.0])) as worker, pytest.raises(SubmissionError, match=told):
        worker.restore(1)


@pytest.mark.parametrize(
    ("kept", "counted"),
    [("0", 0), ("7", 7), (f"{MAX_CHECKPOINTS}", MAX_CHECKPOINTS), ("__import__('numpy').int64(5)", 5)],
)
def test_checkpoints_are_counted(kept, counted, trained):
    with trained(KEEPING.format(kept=kept, found=[])) as worker:
        assert worker.checkpoints == counted


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("'4'", "fit failed: checkpoints.. returned '4', expected a whole number"),
        ("2.9", "fit failed: checkpoints.. returned 2.9, expected a whole number"),
        ("None", "fit failed: checkpoints.. returned None, expected a whole number"),
        ("-3", "checkpoints.. told of -3 states, expected 0 to 20; keep fewer"),
        (f"{MAX_CHECKPOINTS + 1}", "checkpoints.. told of 21 states, expected 0 to 20; keep fewer"),
    ],
)
def test_a_count_that_cannot_be_fails_the_training(kept, told, trained):
    with pytest.raises(SubmissionError, match=told):
        trained(KEEPING.format(kept=kept, found=[]))


def test_without_a_way_back_there_are_no_checkpoints(trained):
    with trained(KEEPING.format(kept=3, found=[]).replace("def restore", "def other")) as worker:
        assert worker.checkpoints == 0
