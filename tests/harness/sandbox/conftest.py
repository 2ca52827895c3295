import pytest

from spurgen.benchmark.contract import Batch
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker


@pytest.fixture(scope="session")
def ask_worker():
    """Return a function that asks a submission about a batch, by default four captions, and returns its answer."""

    def ask(spec, limits, what="predict", width=3, batch=None):
        with Worker(spec, {}, "a-task", limits) as worker:
            worker.send(what, Batch(None, ["a", "b", "c", "d"]) if batch is None else batch)
            return worker.answer(4, width, "test")

    return ask


@pytest.fixture(scope="session", params=["bubblewrap", "process"])
def ask(request, ask_worker):
    """`ask_worker`, first sandboxed by bubblewrap and then as a plain process."""
    limits = Limits(isolation=request.param)
    return lambda spec, *more, **named: ask_worker(spec, limits, *more, **named)
