"""The notebook docs/first-world.ipynb runs, and its network relies on the shortcut."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PATH = Path(__file__).parents[2] / "docs" / "first-world.ipynb"


def printed(notebook):
    """Map the names of the trained networks to the scores that the notebook prints."""
    text = "".join(out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", ()))
    return {name: ast.literal_eval(scores) for name, scores in re.findall(r"^trained (.+): (\{.*\})$", text, re.M)}


def test_it_is_stored_without_outputs():
    for cell in nbformat.read(PATH, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("default")  # of Jupyter's own packages
def test_it_runs_and_shows_that_the_network_relies_on_the_shortcut(tmp_path):
    notebook = nbformat.read(PATH, as_version=4)
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    scores = printed(notebook)
    shortcut, without = scores["with shortcuts"], scores["without"]
    assert shortcut["robust accuracy"] + 0.15 < without["robust accuracy"]
    assert shortcut["reliance on color"] > 0.3 > abs(without["reliance on color"]) + 0.2
    assert without["core use"] > shortcut["core use"] + 0.1
    assert sum("image/png" in out.get("data", {}) for cell in notebook.cells for out in cell.get("outputs", ())) == 3
