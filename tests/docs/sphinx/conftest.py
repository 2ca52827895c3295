"""The modules of docs/sphinx, which are no package, and the built site."""

import sys
import warnings
from multiprocessing import get_context
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "docs" / "sphinx"))


@pytest.fixture(scope="session")
def site(made_once):
    """The folder of the documentation, built as `make docs` does; the notebook is executed."""

    def build(out):
        from build import main  # imported late: Sphinx takes a second

        def run():
            warnings.simplefilter("default")  # those of libraries are errors in tests alone
            sys.exit(main([str(out / "docs")]))

        # A fork has torch already, and what Sphinx leaves in its process ends with it.
        builder = get_context("fork").Process(target=run, daemon=True)
        builder.start()
        builder.join()
        assert builder.exitcode == 0

    return made_once("documentation", build) / "docs"
