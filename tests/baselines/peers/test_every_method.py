"""Every method has a recorded value of a peer's code, with its source, and a test that compares it with ours."""

import re
import tomllib
from pathlib import Path

import pytest

from spurgen.benchmark.plugins import names_in

HERE = Path(__file__).parent
RECORDED = tomllib.loads((HERE / "recorded.toml").read_text())
SOURCE = {"repository": r"[\w.-]+/[\w.-]+", "commit": "[0-9a-f]{7}", "file": r"[\w/]+\.py(, [\w/]+\.py)*"}
METHODS = names_in("spurgen.baselines")
WITHOUT_CODE = {"cda": "Kaushik et al. 2020", "ssa": "Nam et al. 2022, section 3.1"}
LIBRARY = {"kernel_ridge": "scikit-learn 1.9.1"}


def test_there_is_a_recorded_value_of_each_method_and_of_nothing_else():
    assert list(RECORDED) == METHODS


@pytest.mark.parametrize("method", METHODS)
def test_a_recorded_value_names_repository_commit_and_file_and_is_compared(method):
    entry = dict(RECORDED[method])
    source = {name: entry.pop(name, None) for name in SOURCE}
    if method in WITHOUT_CODE:
        assert (set(source.values()), entry.pop("paper")) == ({None}, WITHOUT_CODE[method])
    elif method in LIBRARY:
        assert (set(source.values()), entry.pop("library")) == ({None}, LIBRARY[method])
    else:
        assert all(re.fullmatch(pattern, source[name] or "") for name, pattern in SOURCE.items())
    assert entry
    assert any(f'"{method}"' in path.read_text() for path in HERE.glob("test_*.py"))
