"""Suggestions for names that are not known."""

from collections.abc import Iterable
from difflib import get_close_matches

from spurgen.benchmark.errors import SpurgenError


def suggestion(name: str, known: Iterable[str]) -> str:
    """Suggest the known names that are most similar, ignoring case, or list them all if none is similar."""
    names = list(known)
    return similar(name, names) or f"choose from {', '.join(names)}"


def similar(name: str, known: Iterable[str]) -> str:
    """Suggest the known names that are most similar, ignoring case; return an empty text if none is similar."""
    folded = {other.casefold(): other for other in known}
    near = [folded[match] for match in get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
    return f"did you mean {' or '.join(near)}?" if near else ""


def one_of(what: str, name: str, known: Iterable[str]) -> str:
    """Return the name if it is known; raise `SpurgenError` with the most similar names if not."""
    names = sorted(known)
    if name in names:
        return name
    if not names:
        raise SpurgenError(f"there is no {what} {name!r}, and no other: is this the right folder (--results)?")
    raise SpurgenError(f"there is no {what} {name!r}; {suggestion(name, names)}")


def is_word(name: str) -> bool:
    """Return whether a name is a single word: not a path, a module in a package, or an attribute."""
    return not {".", "/", ":"} & set(name)
