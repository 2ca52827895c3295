import pytest

from spurgen.harness.results.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "results", "tiny")


@pytest.fixture
def add(suite, make_outcome, store):
    """Return a function that adds a result to a row."""

    def added(label="model", seed=0, task="small-text", **changes):
        result, samples = make_outcome(suite, 0.8, seed, task, **changes)
        store.add(label, result, {} if result.error else samples)
        return result

    return added
