"""Functions compiled by numba, whose machine code is kept outside the package."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba

CONFIG: Any = numba.config


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function when it is first called; keep the machine code in the user's cache folder.

    numba's default is `__pycache__` beside the source. An uninstall leaves it there, as it did not come with the
    package, and Python takes the folder around it for a package, ahead of one that is installed as editable. The
    environment variables NUMBA_CACHE_DIR and NUMBA_CACHE_LOCATOR_CLASSES name other places.
    """
    with _outside():
        made: Callable[..., Any] = numba.njit(nogil=True, cache=True)(function)
    return made


@contextmanager
def _outside() -> Iterator[None]:
    before = CONFIG.CACHE_LOCATOR_CLASSES
    if not CONFIG.CACHE_DIR and not before:
        CONFIG.CACHE_LOCATOR_CLASSES = "UserWideCacheLocator,InTreeCacheLocator"
    try:
        yield
    finally:
        CONFIG.CACHE_LOCATOR_CLASSES = before
