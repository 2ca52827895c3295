"""What to say of a name that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(name: str, known: Iterable[str]) -> str:
    """Says which of the known names are nearest, whatever their case, or lists them all if none is near."""
    names = list(known)
    folded = {other.casefold(): other for other in names}
    near = [folded[some] for some in get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
    return f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(names)}"
