"""Choosing by name, with a helpful error."""

from collections.abc import Iterable

from spurgen.benchmark.choices import suggestion
from spurgen.benchmark.errors import SpurgenError


def one_of(what: str, name: str, known: Iterable[str]) -> str:
    """Returns the name if it is known; raises `SpurgenError` with the nearest names if not."""
    names = sorted(known)
    if name in names:
        return name
    if not names:
        raise SpurgenError(f"there is no {what} {name!r}, and no other: is this the right folder (--results)?")
    raise SpurgenError(f"there is no {what} {name!r}; {suggestion(name, names)}")


def is_word(name: str) -> bool:
    """Says whether a name is a word alone: no path, no module in a package, no attribute of one."""
    return not {".", "/", ":"} & set(name)
