"""Names of files and addresses for rows and tasks of any name."""

import hashlib
import re

LONGEST = 60
RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)\d")  # names of devices on Windows
WITH_DIGEST = re.compile(r"(.*-)?[0-9a-f]{8}")  # names that another label may get


def file_name(label: str) -> str:
    """Return a name that is valid for files on every system and for addresses without escapes; it is unique per label.

    A label that is not such a name already is shortened and gets the start of its SHA-256.
    """
    plain = re.sub(r"[^a-z0-9_-]+", "-", label.lower()).strip("-")[:LONGEST]
    if plain and plain == label and not RESERVED.fullmatch(plain) and not WITH_DIGEST.fullmatch(plain):
        return plain
    digest = hashlib.sha256(label.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{plain}-{digest}" if plain else digest
