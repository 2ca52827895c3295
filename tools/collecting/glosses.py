"""Definitions of nouns, from WordNet (Debian's package wordnet-base)."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from collecting.sources import known
from spurgen.harness.own.pool import Pool

WORDNET = Path("/usr/share/wordnet")
SHA256 = {
    "data.noun": "fea17d2f9656611334eac790e5d69e47645fa180c4aa481fb4cd9b3520754ca2",
    "index.noun": "a490d99d93d017bf4822fe2f0ffa51fd73911ce271dc7535fade21f8814b5a04",
    "data.adj": "c89120dfc1f046ddff4a631bf9b7e9fa1a36b5e86565a23bf82dbe14f30b88a7",
}
TOPICS = {
    "04": "act", "05": "animal", "06": "artifact", "07": "attribute", "09": "cognition", "10": "communication",
    "13": "food", "15": "location", "18": "person", "20": "plant", "26": "state",
}  # fmt: skip
"""WordNet's lexicographer files, by number (lexnames(5))."""
FEWEST, SHORT, LONG = 3, 7, 14
"""Fewest words of a definition, most of a short one and fewest of a long one."""
STRIPPED = "().,;:'"
OFFSET = 8  # digits of a sense's number
WORDS = {
    "topic": "The file of nouns in which WordNet's lexicographers put the definition.",
    "length": f"Short: at most {SHORT} words. Long: at least {LONG}.",
    "opening": "The first word: *the*, *a* or *an*, or another.",
    "geography": "Named: it has a word of the name of a place, or an adjective with a capital letter, as *Asian*.",
}
SOURCE = "Definitions of nouns in WordNet 3.0 (Princeton University 2006), without their examples."


class Sense(NamedTuple):
    """What WordNet says of one sense of words: its number, its topic, and the definition without examples."""

    number: str
    topic: str
    words: list[str]
    definition: str


def senses(file: str) -> Iterator[Sense]:
    """Yield the senses in a file of WordNet (wndb(5))."""
    for line in known(WORDNET / file, SHA256[file]).decode().splitlines():
        if not line.startswith("  "):
            head, _, gloss = line.partition(" | ")
            number, topic, _, count, *words = head.split()
            parts = [part for part in gloss.strip().split("; ") if not part.startswith('"')]
            yield Sense(number, TOPICS.get(topic, ""), words[: 2 * int(count, 16) : 2], "; ".join(parts).strip())


def pool() -> Pool:
    """Return the definitions, each once, with their topics, lengths and first words, and whether they name a place."""
    nouns = [sense for sense in senses("data.noun") if sense.topic and len(sense.definition.split()) >= FEWEST]
    once = list({sense.definition: sense for sense in nouns}.values())
    names, texts = _names(), np.array([sense.definition for sense in once])
    attributes = {
        "topic": [sense.topic for sense in once],
        "length": [_length(len(sense.definition.split())) for sense in once],
        "opening": [{"the": "the", "a": "a", "an": "a"}.get(sense.definition.split()[0], "other") for sense in once],
        "geography": ["named" if names.intersection(_words(sense.definition)) else "none" for sense in once],
    }
    return Pool({"caption": texts}, texts, {name: np.array(each) for name, each in attributes.items()}, WORDS, SOURCE)


def definitions(topics: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Return the definition of each word: of its senses the most frequent that is of one of its topics, if any is."""
    by_number = {sense.number: sense for sense in senses("data.noun")}
    found: dict[str, str] = {}
    for line in known(WORDNET / "index.noun", SHA256["index.noun"]).decode().splitlines():
        word, *fields = line.split(" ")
        if word in topics:
            of_word = (by_number[number] for number in fields if len(number) == OFFSET)  # the most frequent first
            fitting = [sense.definition for sense in of_word if sense.topic in topics[word]]
            found |= {word: fitting[0]} if fitting else {}
    return found


def _names() -> frozenset[str]:
    """Return names of places and of what comes from there, such as Asia and Asian."""
    places = (word for sense in senses("data.noun") if sense.topic == "location" for word in sense.words)
    adjectives = (word for sense in senses("data.adj") for word in sense.words)
    named = [part for word in places for part in word.split("_") if len(part) > 3]
    return frozenset(word for word in [*named, *adjectives] if word[0].isupper() and word.isalpha())


def _words(definition: str) -> list[str]:
    return [word.strip(STRIPPED) for word in definition.split()]


def _length(words: int) -> str:
    return "short" if words <= SHORT else "long" if words >= LONG else ""
