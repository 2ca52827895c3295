import numpy as np
import pytest

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker

DATA = LabeledData(Batch(np.zeros((4, 32, 32, 3), np.uint8), ["a", "b", "c", "d"]), np.arange(4), 6)


@pytest.fixture
def trained(write_submission):
    """Return a function that starts a submission, trains it on four samples, and returns the worker, with `report`."""

    def train(code, **limits):
        worker = Worker(write_submission(code), {}, "a-task", Limits(**{"isolation": "process"} | limits))
        try:
            worker.report = worker.fit(DATA, DATA, Context(("x", "y", "z"), "multimodal", 32, "cpu", 5, worker.scratch))
        except BaseException:
            worker.close()
            raise
        return worker

    return train
