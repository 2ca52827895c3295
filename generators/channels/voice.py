"""The voice of the caption: which sentence says it."""

CARRIERS = frozenset({"caption"})
UNLISTED = "uniform"
NEUTRAL = "{core}, {plate}{wall}, {filler}"
TEMPLATES: dict[str, str] = {
    "active": "the {synonym} shows {core} on {plate}{wall} {filler}",
    "passive": "{core} is shown on {plate}{wall} in the {synonym} {filler}",
    "question": "does the {synonym} show {core} on {plate}{wall} {filler} ?",
    "imperative": "look at this {synonym} of {core} on {plate}{wall} {filler}",
    "exclamation": "what a fine {synonym} of {core} on {plate}{wall} {filler} !",
    "existential": "there is {core} on {plate}{wall} in this {synonym} {filler}",
    "first person": "i see {core} on {plate}{wall} in my {synonym} {filler}",
    "hearsay": "they say that their {synonym} has {core} on {plate}{wall} {filler}",
    "label": "{synonym} : {core} , {plate}{wall} , {filler}",
    "cleft": "it is {core} that you find on {plate}{wall} in that {synonym} {filler}",
    "modal": "one may find {core} on {plate}{wall} within the {synonym} {filler}",
}
VALUES = tuple(TEMPLATES)
PHRASES = tuple(TEMPLATES.values())
