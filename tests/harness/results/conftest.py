import hashlib
import json

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


@pytest.fixture(scope="session")
def sealed():
    """Return a function that edits a row's text and seals it again, as a forger would."""

    def seal(path, edit):
        lines = edit(path.read_text()).splitlines(keepends=True)[:-1]
        digest = hashlib.sha256("".join(lines).encode()).hexdigest()
        path.write_text("".join(lines) + json.dumps({"sha256": digest}) + "\n")

    return seal
