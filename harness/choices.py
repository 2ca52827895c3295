"""Choosing by name, with a helpful error."""

from collections.abc import Iterable
from difflib import get_close_matches

from spurgen.benchmark.errors import SpurgenError


def one_of(what: str, name: str, known: Iterable[str]) -> str:
    """Returns the name if it is known; raises `SpurgenError` with the nearest names if not."""
    names = sorted(known)
    if name in names:
        return name
    if not names:
        raise SpurgenError(f"there is no {what} {name!r}, and no other: is this the right folder (--results)?")
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(names)}"
    raise SpurgenError(f"there is no {what} {name!r}; {hint}")
