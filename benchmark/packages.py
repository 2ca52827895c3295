"""Packages that are installed only with an extra."""

from collections.abc import Iterable
from importlib.util import find_spec

from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.shell import pip_install

TRAIN = ("torch",)
"""Packages without which no baseline trains."""
EXTRAS = {"matplotlib": "plots", "sklearn": "train", "torch": "train", "torchvision": "train"}
"""Extras by the packages that an import may miss anywhere; every other extra is checked for where its use begins."""


class PackageError(SubmissionError, ImportError):
    """A package that is not installed; the message says what to install."""


def check_packages(names: Iterable[str], use: str, extra: str = "data") -> None:
    """Raise `PackageError` if packages of an extra are missing; `use` is their purpose."""
    if missing := [name for name in names if not find_spec(name)]:
        raise PackageError(f"{use} needs {' and '.join(missing)}, not installed here; run {pip_install(extra)}")


def explained(error: Exception, use: str) -> Exception:
    """Return an error, or if it is of an import that an extra serves, one that says what to install."""
    package = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    try:
        check_packages({package} & EXTRAS.keys(), use, EXTRAS.get(package, ""))
    except PackageError as better:
        return better
    return error
