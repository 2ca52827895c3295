"""What to say of a name that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches

from spurgen.benchmark.errors import SpurgenError


def suggestion(name: str, known: Iterable[str]) -> str:
    """Says which of the known names are nearest, whatever their case, or lists them all if none is near."""
    names = list(known)
    folded = {other.casefold(): other for other in names}
    near = [folded[some] for some in get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
    return f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(names)}"


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
