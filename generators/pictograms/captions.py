"""Captions: sentences made of the channels' phrases, a noun phrase and fillers, in a plain and in a natural grammar.

Natural captions are written as people write: with capitals, punctuation and everyday words.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.streams import Int64, Words, fraction, uniform_int


def table(text: str) -> dict[str, tuple[str, ...]]:
    """Read lists by their names, from lines such as "tree: a tree, a fir" that indented lines continue."""
    entries = (entry.split(":", 1) for entry in re.split(r"\n(?=\w)", text.strip()))
    return {name: tuple(" ".join(form.split()) for form in forms.split(",")) for name, forms in entries}


# The noun phrases that carry the class, the most frequent form first.
NOUNS = table("""
heart: a heart, a love heart, a valentine, a symbol of love, a valentine heart, a lover's token, the suit of hearts,
    a romantic emblem, a sweetheart's keepsake, a cupid's target, an expression of affection, a beating heart
arrow: an arrow, an upward arrow, a pointer, an up arrow, an arrow pointing up, a cursor, a direction marker,
    an archer's missile, a barbed dart, an upload button, a this-way-up marker, a compass needle
moon: a moon, a crescent moon, a crescent, a half moon, a lunar crescent, a new moon, a sickle moon, a waning moon,
    the earth's satellite, a sliver of moonlight, a lunar sickle, a nocturnal luminary
house: a house, a home, a cottage, a little house, a cabin, a bungalow, a residence, a detached dwelling, a villa,
    a hut with a chimney, a homestead, a humble abode
tree: a tree, a pine tree, a christmas tree, a fir tree, a pine, a fir, a spruce, a conifer, a cedar, a larch,
    a forest conifer, a woodland giant
fish: a fish, a swimming fish, a trout, a carp, a herring, an aquarium pet, a perch, a sea bass, a cod,
    a finned swimmer, an angler's catch, a fish with fins
key: a key, a door key, a room key, a skeleton key, a latchkey, a master key, an old-fashioned key, a passkey,
    a lock opener, a jailer's key, a toothed unlocker, a locksmith's ware
bolt: a lightning bolt, a bolt of lightning, a thunderbolt, a bolt, a lightning strike, a flash of lightning,
    a high voltage warning, an electric spark, a jolt of electricity, a thunder flash, a zap, a power surge
cup: a cup, a mug, a coffee cup, a cup of coffee, a cup of tea, a coffee mug, a teacup, a hot drink, a steaming mug,
    an espresso, a warm beverage, a cocoa beaker
umbrella: an umbrella, an open umbrella, a parasol, a brolly, a sunshade, an opened umbrella, a beach parasol,
    a handheld canopy, a folding brolly, a gamp, a shelter from rain, a bumbershoot
anchor: an anchor, a ship's anchor, a nautical anchor, an iron anchor, a mooring, a sailor's tattoo, a mooring hook,
    a grapnel, a naval insignia, a kedge, a seabed hook, a killick
crown: a crown, a royal crown, a king's crown, a queen's crown, a tiara, a diadem, a coronet, a royal headdress,
    a jewelled headpiece, a regal ornament, a coronation circlet, a ruler's regalia
car: a car, an automobile, a motor car, a passenger car, a sedan, a motor vehicle, a vehicle, a hatchback, a taxi,
    a saloon car, a four-wheeler, a roadster
bell: a bell, a ringing bell, a handbell, a chime, an alarm bell, a jingle bell, a tolling bell, a brass bell,
    a notification chime, a tocsin, a dinner ringer, a carillon chime
scissors: a pair of scissors, a scissors icon, a pair of shears, a pair of paper scissors, a paper cutter,
    a tailor's pair of shears, a pair of snips, a hairdresser's snipper, a cutting instrument, a coupon clipper,
    a two-bladed snipper, a barber's implement
boat: a boat, a sailboat, a sailing boat, a yacht, a dinghy, a sailing vessel, a small yacht, a sloop, a schooner,
    a craft under sail, a catamaran, a regatta racer
ladder: a ladder, a stepladder, a wooden ladder, a climbing ladder, a tall ladder, a loft ladder, a set of rungs,
    a fireman's ladder, an extension ladder, a climbing aid, a decorator's stepladder, a scaling apparatus
hammer: a hammer, a claw hammer, a mallet, a carpenter's hammer, a carpenter's tool, a sledgehammer, a nail driver,
    a gavel, a builder's tool, a nail pounder, a blacksmith's tool, a handyman's basher
flag: a flag, a waving flag, a banner, a national flag, a flag on a pole, a pennant, an ensign, a fluttering banner,
    a streamer, a pole with bunting, a waving pennant, a country's ensign
butterfly: a butterfly, a moth, a winged insect, a pretty butterfly, a swallowtail, an insect with wings,
    a winged bug, a lepidopteran, a papillon, a former caterpillar, a nectar sipper, a fritillary
""")
NATURAL_NOUNS = table("""
heart: a heart, a love heart, a valentine, a symbol of love, a valentine heart, a romantic symbol, a beating heart,
    a token of affection, a symbol of romance, a sweetheart's gift, a lover's heart, an ace of hearts
arrow: an arrow, an up arrow, a pointer, an upward arrow, an arrow pointing up, a cursor, an upload button,
    a mouse cursor, an arrow symbol, a direction marker, a pointing arrow, an up button
moon: a moon, a crescent moon, a crescent, a half moon, a new moon, a quarter moon, a bright moon, a sickle moon,
    a sliver of the moon, a waning moon, a lunar crescent, a young moon
house: a house, a home, a cottage, a cabin, a little house, a bungalow, a hut, a residence, a villa,
    a house with a chimney, a detached house, a suburban home
tree: a tree, a pine tree, a Christmas tree, a fir tree, a pine, a fir, a spruce, an evergreen, a conifer,
    a spruce tree, a cedar, a forest tree
fish: a fish, a goldfish, a trout, a salmon, a swimming fish, a tropical fish, a tuna, a carp, a sea bass,
    an aquarium fish, a cod, a fish with fins
key: a key, a door key, a room key, a spare key, a master key, an old-fashioned key, a skeleton key, a padlock key,
    a metal key, a key to a lock, an antique key, a latchkey
bolt: a lightning bolt, a bolt of lightning, a thunderbolt, a flash of lightning, a bolt, a lightning strike,
    a high-voltage symbol, a streak of lightning, an electricity symbol, a jolt of electricity, an electric spark,
    a power symbol
cup: a cup, a mug, a coffee cup, a cup of coffee, a cup of tea, a coffee mug, a teacup, a hot drink, a steaming mug,
    an espresso, a steaming cup, a cappuccino
umbrella: an umbrella, an open umbrella, a parasol, a rain umbrella, a beach umbrella, a sunshade, a golf umbrella,
    a folding umbrella, a pocket umbrella, a beach parasol, a travel umbrella, a sun umbrella
anchor: an anchor, a ship's anchor, an iron anchor, a nautical anchor, a sailor's tattoo, a heavy anchor,
    a navy symbol, a rusty anchor, an anchor with a chain, a mooring anchor, a naval emblem, a marine anchor
crown: a crown, a royal crown, a king's crown, a queen's crown, a tiara, a jewelled crown, a princess's tiara,
    a symbol of royalty, a coronation crown, a ruler's crown, a royal headpiece, a coronet
car: a car, an automobile, a passenger car, a sedan, a vehicle, a taxi, a motor vehicle, a hatchback, a family car,
    a parked car, a cab, a compact car
bell: a bell, a ringing bell, a church bell, an alarm bell, a brass bell, a handbell, a jingle bell, a chime,
    a dinner bell, a notification bell, a doorbell, a sleigh bell
scissors: a pair of scissors, a pair of shears, a pair of kitchen scissors, a pair of paper scissors,
    a pair of craft scissors, a pair of sewing scissors, a paper cutter, a pair of sharp scissors, a pair of clippers,
    a pair of tailor's scissors, a pair of barber's scissors, a scissors symbol
boat: a boat, a sailboat, a sailing boat, a yacht, a small boat, a dinghy, a boat with sails, a racing yacht,
    a sailing vessel, a toy boat, a small sailboat, a schooner
ladder: a ladder, a stepladder, a wooden ladder, a tall ladder, a step ladder, an extension ladder, a set of steps,
    a firefighter's ladder, a painter's ladder, a climbing ladder, an attic ladder, a set of rungs
hammer: a hammer, a claw hammer, a mallet, a carpenter's hammer, a hand tool, a sledgehammer, a builder's hammer,
    a carpenter's tool, a tool for driving nails, a gavel, a steel hammer, a builder's mallet
flag: a flag, a waving flag, a banner, a national flag, a flag on a pole, a pennant, a flagpole, a country's flag,
    a hoisted flag, a fluttering banner, a raised flag, a team pennant
butterfly: a butterfly, a moth, a winged insect, a pretty butterfly, an insect, an insect with wings,
    a monarch butterfly, a flying insect, a swallowtail, a bug with wings, a summer butterfly, a delicate butterfly
""")
FILLERS = table("""
places: station, harbour, market, bridge, school, library, garden, museum, airport, stadium, park, theatre, church,
    castle, bakery, factory, hotel, hospital, square, fountain, tower, gate, tunnel, lighthouse, mill, court, pier,
    depot, workshop, arena, cinema, orchard
weather: foggy, rainy, sunny, windy, snowy, cloudy, stormy, frosty, humid, mild, chilly, hazy, dry, muggy, crisp, grey
days: monday, tuesday, wednesday, thursday, friday, saturday, sunday
""")
NATURAL_FILLERS = table("""
places: station, harbour, market, bridge, school, library, museum, airport, stadium, park, theatre, castle, bakery,
    factory, hotel, hospital, fountain, tower, tunnel, pier, cinema, zoo, bank, supermarket, university, pharmacy,
    playground, farm, river, lake, town hall, post office
weather: foggy, rainy, sunny, windy, snowy, cloudy, stormy, frosty, humid, mild, chilly, hazy, warm, cool, freezing,
    breezy
days: Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday
""")
HIDDEN = "something"
FORMS = 12
_SHARES = [2**32 // rank for rank in range(1, FORMS + 1)]
_BOUNDS = np.array([bound * 2**32 // sum(_SHARES) for bound in accumulate(_SHARES)][:-1])
MINUTES = 24 * 60
OWN_SLOTS = ("voice", "synonym", "color", "shape", "background")
PARTS_OF_DAY = ((3, "night"), (12, "morning"), (18, "afternoon"), (21, "evening"), (24, "night"))  # with their ends


def noun_forms(word: Words) -> Int64:
    """Draw surface forms by Zipf's law, Pr(rank r) ~ 1 / r: int64 (n,) in [0, 12)."""
    return np.searchsorted(_BOUNDS, fraction(word), "right")


@dataclass(frozen=True)
class Grammar:
    """A way to write captions.

    `nouns`: forms of each pictogram's noun, the most frequent first. `filler` makes a filler of a place, a
    weather, a day, all from `words`, and a minute of the day. `finish` is applied to each caption. `attributes`: names
    of the attributes with a kind's phrases and its neutral phrase; a kind without them uses `PHRASES` and `NEUTRAL`.
    """

    nouns: tuple[tuple[str, ...], ...]
    words: Mapping[str, tuple[str, ...]]
    filler: Callable[[str, str, str, int], str]
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
        chosen = noun_forms(nuisance[:, 0])
        cores = [
            self.nouns[k][f] if seen else HIDDEN
            for k, f, seen in zip(nouns.tolist(), chosen.tolist(), visible.tolist(), strict=True)
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

    def fillers(self, nuisance: Words) -> Iterable[str]:
        """Return a place and a time for each caption; with over five million combinations few captions repeat."""
        lists = (*self.words.values(), range(MINUTES))
        columns = [
            [known[k] for k in uniform_int(nuisance[:, place], len(known)).tolist()]
            for place, known in enumerate(lists, start=1)
        ]
        return map(self.filler, *columns)


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _capitalised(caption: str) -> str:
    return caption[0].upper() + caption[1:]


def _plain_filler(place: str, weather: str, day: str, minute: int) -> str:
    return f"by the {place} on a {weather} {day} at {minute // 60:02d}:{minute % 60:02d}"


def _natural_filler(place: str, weather: str, day: str, minute: int) -> str:
    """Name one minute of the day by the time on a twelve-hour clock and the part of the day."""
    hour = minute // 60
    part = next(part for end, part in PARTS_OF_DAY if hour < end)
    return f"near the {place} at {(hour - 1) % 12 + 1}:{minute % 60:02d} on a {weather} {day} {part}"


PLAIN = Grammar(tuple(NOUNS.values()), FILLERS, _plain_filler)
NATURAL = Grammar(
    tuple(NATURAL_NOUNS.values()),
    NATURAL_FILLERS,
    _natural_filler,
    _capitalised,
    ("NATURAL_PHRASES", "NATURAL_NEUTRAL"),
)
