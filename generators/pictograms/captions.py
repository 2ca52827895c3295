"""Caption grammars: sentences made of the channels' phrases, a noun phrase and fillers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.pictograms.nouns import HIDDEN, NOUNS, noun_forms
from spurgen.generators.streams import Int64, Words, uniform_int


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PLACES = _words(
    "station harbour market bridge school library garden museum airport stadium park theatre church castle "
    "bakery factory hotel hospital square fountain tower gate tunnel lighthouse mill court pier depot "
    "workshop arena cinema orchard"
)
WEATHER = _words("foggy rainy sunny windy snowy cloudy stormy frosty humid mild chilly hazy dry muggy crisp grey")
DAYS = _words("monday tuesday wednesday thursday friday saturday sunday")
MINUTES = 24 * 60
OWN_SLOTS = ("voice", "synonym", "color", "shape", "background")


@dataclass(frozen=True)
class Grammar:
    """A way to write captions.

    `nouns`: forms of each pictogram's noun, the most frequent first. `fillers` turns nuisance words into a place and a
    time per caption. `finish` is applied to each caption. `attributes`: names of the attributes with a kind's phrases
    and its neutral phrase; a kind without them uses `PHRASES` and `NEUTRAL`.
    """

    nouns: tuple[tuple[str, ...], ...]
    fillers: Callable[[Words], Iterable[str]]
    finish: Callable[[str], str] = str
    attributes: tuple[str, str] = ("PHRASES", "NEUTRAL")

    def phrases(self, kind: ModuleType) -> tuple[str, ...]:
        """Return a kind's phrase for each value, and last its neutral phrase."""
        phrases, neutral = self.attributes
        return (*getattr(kind, phrases, kind.PHRASES), getattr(kind, neutral, kind.NEUTRAL))

    def write(
        self, nouns: Int64, visible: NDArray[np.bool_], phrases: dict[str, list[str]], nuisance: Words
    ) -> list[str]:
        """Write n captions.

        `nouns`, int64 (n,), numbers the pictograms that they name where `visible`, bool (n,), is True. `phrases` maps
        each kind of channel to n phrases; kinds without a slot in the templates are appended to the wall. `nuisance`,
        uint64 (n, 8), draws the noun form and the fillers.
        """
        forms = noun_forms(nuisance[:, 0])
        cores = [
            self.nouns[k][f] if seen else HIDDEN
            for k, f, seen in zip(nouns.tolist(), forms.tolist(), visible.tolist(), strict=True)
        ]
        painted = zip(phrases["color"], phrases["shape"], strict=True)
        plates = [_article(f"{color} {shape}".lstrip()) for color, shape in painted]
        added = [phrases[kind] for kind in phrases if kind not in OWN_SLOTS]
        walls = [background + "".join(rest) for background, *rest in zip(phrases["background"], *added, strict=True)]
        columns = zip(phrases["voice"], phrases["synonym"], cores, plates, walls, self.fillers(nuisance), strict=True)
        return [
            self.finish(voice.format(synonym=synonym, core=noun, plate=plate, wall=wall, filler=filler))
            for voice, synonym, noun, plate, wall, filler in columns
        ]


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _fillers(nuisance: Words) -> Iterable[str]:
    """Yield a place and a time for each caption; with over five million combinations few captions repeat."""
    sizes = (len(PLACES), len(WEATHER), len(DAYS), MINUTES)
    columns = [uniform_int(nuisance[:, k], size).tolist() for k, size in enumerate(sizes, start=1)]
    for place, weather, day, minute in zip(*columns, strict=True):
        clock = f"{minute // 60:02d}:{minute % 60:02d}"
        yield f"by the {PLACES[place]} on a {WEATHER[weather]} {DAYS[day]} at {clock}"


PLAIN = Grammar(tuple(NOUNS.values()), _fillers)
