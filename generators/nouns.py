"""The noun phrases that carry the class in captions, the commonest form first."""

from itertools import accumulate

import numpy as np

from spurgen.generators.streams import Int64, Words

NOUNS: dict[str, tuple[str, ...]] = {
    "heart": ("a heart", "the heart sign", "a love heart", "a valentine", "a sweetheart mark", "an amorous emblem",
              "a cupid badge", "a romance icon", "a darling symbol", "a beating organ", "a cardiac glyph", "a tender token"),
}
HIDDEN = "something"
FORMS = 12
_SHARES = [2**32 // rank for rank in range(1, FORMS + 1)]
_BOUNDS = np.array([bound * 2**32 // sum(_SHARES) for bound in accumulate(_SHARES)][:-1])


def noun_forms(word: Words) -> Int64:
    """Draws surface forms by Zipf's law, Pr(rank r) ~ 1 / r: int64 (n,) in [0, 12)."""
    return np.searchsorted(_BOUNDS, (word >> np.uint64(32)).astype(np.int64), "right")
