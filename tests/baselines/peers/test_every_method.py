"""Every method has a recorded value of a peer's code, with its source, and a test that compares it with ours."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from spurgen.benchmark.plugins import names_in

HERE = Path(__file__).parent
RECORDED = tomllib.loads((HERE / "recorded.toml").read_text())
SOURCE = {"repository": r"[\w.-]+/[\w.-]+", "commit": "[0-9a-f]{7}", "file": r"[\w/]+\.py(, [\w/]+\.py)*"}
METHODS = names_in("spurgen.baselines")


def compared():
    """Return the methods that the tests which look up recorded values name in a string, a call or a parameter."""
    named = set()
    for path in HERE.glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and "peer" in {argument.arg for argument in node.args.args}:
                named |= {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
    return named & set(METHODS)


def test_there_is_a_recorded_value_of_each_method_and_of_nothing_else():
    assert list(RECORDED) == METHODS


@pytest.mark.parametrize("method", METHODS)
def test_a_recorded_value_names_repository_commit_and_file_and_is_compared(method):
    entry = dict(RECORDED[method])
    source = {name: entry.pop(name, None) for name in SOURCE}
    if method == "ssa":  # of which there is no code
        assert (set(source.values()), entry.pop("paper")) == ({None}, "Nam et al. 2022, section 3.1")
    else:
        assert all(re.fullmatch(pattern, source[name] or "") for name, pattern in SOURCE.items())
    assert entry
    assert method in compared()
