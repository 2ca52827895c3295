"""Captions of the world of things: a sentence about a thing before a wall, at a place."""

from spurgen.generators.streams import Int64, Words, uniform_int

UNNAMED = "something"
FORMS = (
    "There is {thing} in front of a {hue} {wall} {place}.",
    "{place}, {thing} stands before a {hue} {wall}.",
    "A photo of {thing}, taken {place}, with a {hue} {wall} behind it.",
    "Behind {thing} you can see a {hue} {wall} {place}.",
    "Here is {thing} {place}, next to a {hue} {wall}.",
    "The picture was taken {place} and shows {thing} against a {hue} {wall}.",
    "Look, {thing} before a {hue} {wall} {place}!",
    "Somebody put {thing} in front of the {hue} {wall} {place}.",
)


def write(things: list[str], hues: list[str], walls: list[str], places: list[str], nuisance: Words) -> list[str]:
    """Write n captions; `nuisance`, uint64 (n, 4), draws the form of the sentence."""
    forms: Int64 = uniform_int(nuisance[:, 0], len(FORMS))
    columns = zip(forms.tolist(), things, hues, walls, places, strict=True)
    return [_polished(FORMS[f].format(thing=t, hue=h, wall=w, place=p)) for f, t, h, w, p in columns]


def _polished(sentence: str) -> str:
    spaced = " ".join(sentence.split()).replace("a orange", "an orange")
    return spaced[0].upper() + spaced[1:]
