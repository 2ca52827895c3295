"""Commands as messages show them: valid in this folder and for this installation, so that users can paste them."""

import json
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from shlex import quote

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
