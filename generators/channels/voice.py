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
NATURAL_NEUTRAL = "here is the {synonym}: {core} on {plate}{wall}, {filler}."
NATURAL_TEMPLATES: dict[str, str] = {
    "active": "this {synonym} shows {core} on {plate}{wall}, {filler}.",
    "passive": "{core} is shown on {plate}{wall} in the {synonym}, {filler}.",
    "question": "does the {synonym} show {core} on {plate}{wall}, {filler}?",
    "imperative": "look at the {synonym} of {core} on {plate}{wall}, {filler}.",
    "exclamation": "what a great {synonym} of {core} on {plate}{wall}, {filler}!",
    "existential": "in this {synonym}, there is {core} on {plate}{wall}, {filler}.",
    "first person": "I like my {synonym} of {core} on {plate}{wall}, {filler}.",
    "hearsay": "someone told me that their {synonym} shows {core} on {plate}{wall}, {filler}.",
    "label": "{synonym} of {core} on {plate}{wall}, {filler}.",
    "cleft": "it is {core} that you see on {plate}{wall} in that {synonym}, {filler}.",
    "modal": "you might notice {core} on {plate}{wall} in the {synonym}, {filler}.",
}
VALUES = tuple(TEMPLATES)
PHRASES = tuple(TEMPLATES.values())
NATURAL_PHRASES = tuple(NATURAL_TEMPLATES[value] for value in VALUES)
