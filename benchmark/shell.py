"""Commands as messages show them, so that users can paste them; and what to install where a package is missing.

They are valid in this folder and for this installation.
"""

import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

from spurgen.benchmark.errors import SubmissionError

HOME = Path(__file__).parents[1]


def spurgen(line: str) -> str:
    """Return a `spurgen` command; it starts with the program's path where the shell does not find the program."""
    return f"{_program('spurgen')} {line}"


def pip_install(extra: str) -> str:
    """Return the command that installs an extra of spurgen, from the clone that this installation came from."""
    source, edited = _source()
    if source is None:
        return f"{_pip()} install 'spurgen[{extra}]'"
    named = "." if source == Path.cwd() else str(source)
    return f"{_pip()} install {'-e ' * edited}{quote(f'{named}[{extra}]')}"


def _program(name: str) -> str:
    """Return the command that starts a program of this environment: its name, or its path, relative if possible."""
    own = Path(sys.argv[0]) if Path(sys.argv[0]).name == name else Path(sysconfig.get_path("scripts"), name)
    found = shutil.which(name)
    if not own.exists() or (found and os.path.samefile(found, own)):
        return name
    own = own.absolute()
    return quote(str(own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own))


def _pip() -> str:
    return _program("pip") if Path(sysconfig.get_path("scripts"), "pip").exists() else f"{quote(sys.executable)} -m pip"


def _source() -> tuple[Path | None, bool]:
    """Return the clone that the package was installed from, if it is still there, and whether it runs from there."""
    if (HOME / "pyproject.toml").exists():
        return HOME, True
    from importlib.metadata import PackageNotFoundError, distribution  # imported late: slow to import
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        record = json.loads(distribution("spurgen").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        return None, False
    url = urlsplit(record.get("url", ""))
    path = Path(url2pathname(url.path))
    return (path if url.scheme == "file" and path.exists() else None), False


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
