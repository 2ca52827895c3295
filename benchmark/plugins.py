"""Discovery: dropping a file into a folder registers it under the file's name; and how a submission is named."""

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


BASELINES = f"{__package__.rpartition('.')[0]}.baselines"
TRICKS = f"{__package__.rpartition('.')[0]}.submissions.controls"


def split_spec(spec: str) -> tuple[str, str]:
    """Split a spec into a path or a module's name, and an attribute or the empty string."""
    if spec.endswith(".py"):
        return spec, ""
    head, _, attribute = spec.rpartition(":") if ".py:" in spec else spec.partition(":")
    return head, attribute


def is_baseline(spec: str) -> bool:
    """Return whether a spec names one of our own methods: a module of `spurgen.baselines`, not a file."""
    head, _ = split_spec(spec)
    return head.startswith(f"{BASELINES}.") and not head.endswith(".py")


def is_trusted(spec: str) -> bool:
    """Return whether a spec names code of the package: one of our own methods, or a control that knows the world."""
    head, _ = split_spec(spec)
    return is_baseline(spec) or (head.startswith(f"{TRICKS}.") and not head.endswith(".py"))
