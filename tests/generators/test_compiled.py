from pathlib import Path

import pytest
from numba import config

from spurgen import generators
from spurgen.generators import compositor, philox
from spurgen.generators.compiled import compiled

PACKAGE = Path(generators.__file__).parent


@pytest.mark.parametrize("function", [compositor._render, compositor._paint, philox._fill])
def test_machine_code_is_kept_outside_the_package_where_an_uninstall_would_leave_it(function):
    assert config.CACHE_LOCATOR_CLASSES == ""
    assert not Path(function.stats.cache_path).is_relative_to(PACKAGE)


def test_the_users_own_place_for_machine_code_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    assert Path(compiled(one_more).stats.cache_path).is_relative_to(tmp_path)
    monkeypatch.setattr(config, "CACHE_DIR", "")
    monkeypatch.setattr(config, "CACHE_LOCATOR_CLASSES", "InTreeCacheLocator")
    assert Path(compiled(one_more).stats.cache_path) == Path(__file__).parent / "__pycache__"
    assert config.CACHE_LOCATOR_CLASSES == "InTreeCacheLocator"


def one_more(number):
    return number + 1
