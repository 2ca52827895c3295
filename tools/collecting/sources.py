"""Files from which ladders are made, in the one version that is known."""

from hashlib import sha256
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.reading import read_bytes

FILE_BYTES = 1 << 28


def known(path: Path, digest: str) -> bytes:
    """Return the content of a file; raise `SpurgenError` unless it is the version from which ladders were made."""
    content = read_bytes(path, FILE_BYTES, "the samples' source")
    found = sha256(content).hexdigest()
    if found != digest:
        raise SpurgenError(f"{path} is of another version: expected SHA-256 {digest}, found {found}")
    return content
