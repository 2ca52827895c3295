"""Captions of the world of things: a sentence about a thing before a wall, at a place."""

import numpy as np

from spurgen.generators.pictograms.natural_captions import DAYS, WEATHER
from spurgen.generators.streams import Int64, Words, uniform_int

UNNAMED = "something"
PLAIN_WALL = "wall"
FORMS = (
    ("There is {thing} in front of {wall} {place}.", "There is {thing} in front of {wall}."),
    ("{place}, you see {thing} with {wall} in the background.", "You see {thing} with {wall} in the background."),
    ("A photo of {thing}, taken {place}, with {wall} behind it.", "A photo of {thing} with {wall} behind it."),
    ("Behind {thing} you can see {wall} {place}.", "Behind {thing} there is {wall}."),
    ("Here is {thing} {place}, next to {wall}.", "Here is {thing}, next to {wall}."),
    ("The picture was taken {place} and shows {thing} against {wall}.", "The picture shows {thing} against {wall}."),
    ("Look, {thing} in front of {wall} {place}!", "Look, {thing} in front of {wall}!"),
    ("Somebody put {thing} in front of {wall} {place}.", "Somebody put {thing} in front of {wall}."),
)
"""Sentences with and without a place."""


def write(
    things: list[str], hues: list[str], walls: list[str], places: list[str], nuisance: Words, form: int | None = None
) -> list[str]:
    """Write n captions; a hue or a place may be empty.

    `nuisance`, uint64 (n, 4), draws the form of the sentence, and an uninformative second sentence, so few captions are
    equal. With `form`, a number in `FORMS`, all have that form and no second sentence.
    """
    forms: Int64 = uniform_int(nuisance[:, 0], len(FORMS)) if form is None else np.full(len(things), form)
    weather, days = (uniform_int(nuisance[:, k], len(words)).tolist() for k, words in ((2, WEATHER), (3, DAYS)))
    moments = [f" It was a {WEATHER[w]} {DAYS[d]}." for w, d in zip(weather, days, strict=True)]
    if form is not None:
        moments = [""] * len(things)
    kinds = [f"{hue} {wall}".strip() for hue, wall in zip(hues, walls, strict=True)]
    columns = zip(forms.tolist(), things, kinds, places, moments, strict=True)
    return [_sentence(FORMS[f][not place], thing, kind, place) + then for f, thing, kind, place, then in columns]


def _sentence(form: str, thing: str, wall: str, place: str) -> str:
    article = "an" if wall[0] in "aeiou" else "a"
    written = form.format(thing=thing, wall=f"{article} {wall}", place=place)
    return written[0].upper() + written[1:]
