"""Discovery: dropping a file into a folder registers it under the file's name."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def discover(package: str) -> dict[str, ModuleType]:
    """Import every public module that lies directly in a package; return them sorted by name.

    Subpackages and names that begin with an underscore are support code and are left out.
    """
    return {name: importlib.import_module(f"{package}.{name}") for name in names_in(package)}


def names_in(package: str) -> list[str]:
    """List the names of the modules that `discover` imports, without importing them."""
    folder = importlib.import_module(package)
    return sorted(m.name for m in pkgutil.iter_modules(folder.__path__) if not m.ispkg and not m.name.startswith("_"))
