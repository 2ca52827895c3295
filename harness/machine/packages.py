"""Packages that are installed only with an extra."""

from collections.abc import Iterable
from importlib.util import find_spec

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.shell import pip_install


def check_packages(names: Iterable[str], use: str, extra: str = "data") -> None:
    """Raise `SpurgenError` if a package of an extra is missing; `use` is its purpose."""
    for name in names:
        if not find_spec(name):
            raise SpurgenError(f"{use} needs {name}; run {pip_install(extra)}")
