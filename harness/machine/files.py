"""Writing whole files or none, and finding out before any work that nothing can be written."""

import os
import tempfile
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError


def write_atomically(path: Path, content: str | bytes) -> None:
    """Writes a whole file, text as UTF-8, or nothing: what is half-written never bears the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def check_writable(folder: Path, flag: str) -> None:
    """Makes a folder; raises `SpurgenError` that names the flag if nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SpurgenError(f"cannot write to {folder}: {error.strerror or error}; choose another {flag}") from None
