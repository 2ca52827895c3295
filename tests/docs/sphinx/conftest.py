"""The modules of docs/sphinx, which are no package, and the built site."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "docs" / "sphinx"))


@pytest.fixture(scope="session")
def site(made_once):
    """The folder of the documentation, built as `make docs` does; the notebook is executed."""

    def build(out):
        command = [sys.executable, "docs/sphinx/build.py", str(out / "docs")]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    return made_once("documentation", build) / "docs"
