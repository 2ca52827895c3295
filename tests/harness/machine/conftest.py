import pytest


@pytest.fixture
def temporary(tmp_path):
    """An empty folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder
