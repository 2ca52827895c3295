import time

import pytest


@pytest.fixture
def temporary(tmp_path):
    """An empty folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def wait_until():
    """Return a function that waits until another one returns something true, and returns that."""

    def wait(ready, seconds=60):
        for _ in range(seconds * 50):
            if value := ready():
                return value
            time.sleep(0.02)
        raise AssertionError("timed out")

    return wait
