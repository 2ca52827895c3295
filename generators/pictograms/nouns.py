"""The noun phrases that carry the class in captions, the most frequent form first."""

from itertools import accumulate

import numpy as np

from spurgen.generators.streams import Int64, Words, fraction


def forms(text: str) -> tuple[str, ...]:
    """Split a list at its commas."""
    return tuple(form.strip() for form in text.split(","))


NOUNS: dict[str, tuple[str, ...]] = {
    "heart": forms(
        "a heart, a love heart, a valentine, a symbol of love, a valentine heart, a lover's token, the suit of hearts, "
        "a romantic emblem, a sweetheart's keepsake, a cupid's target, an expression of affection, a beating heart"
    ),
    "arrow": forms(
        "an arrow, an upward arrow, a pointer, an up arrow, an arrow pointing up, a cursor, a direction marker, "
        "an archer's missile, a barbed dart, an upload button, a this-way-up marker, a compass needle"
    ),
    "moon": forms(
        "a moon, a crescent moon, a crescent, a half moon, a lunar crescent, a new moon, a sickle moon, "
        "a waning moon, the earth's satellite, a sliver of moonlight, a lunar sickle, a nocturnal luminary"
    ),
    "house": forms(
        "a house, a home, a cottage, a little house, a cabin, a bungalow, a residence, a detached dwelling, "
        "a villa, a hut with a chimney, a homestead, a humble abode"
    ),
    "tree": forms(
        "a tree, a pine tree, a christmas tree, a fir tree, a pine, a fir, a spruce, a conifer, a cedar, "
        "a larch, a forest conifer, a woodland giant"
    ),
    "fish": forms(
        "a fish, a swimming fish, a trout, a carp, a herring, an aquarium pet, a perch, a sea bass, a cod, "
        "a finned swimmer, an angler's catch, a fish with fins"
    ),
    "key": forms(
        "a key, a door key, a room key, a skeleton key, a latchkey, a master key, an old-fashioned key, a passkey, "
        "a lock opener, a jailer's key, a toothed unlocker, a locksmith's ware"
    ),
    "bolt": forms(
        "a lightning bolt, a bolt of lightning, a thunderbolt, a bolt, a lightning strike, a flash of lightning, "
        "a high voltage warning, an electric spark, a jolt of electricity, a thunder flash, a zap, a power surge"
    ),
    "cup": forms(
        "a cup, a mug, a coffee cup, a cup of coffee, a cup of tea, a coffee mug, a teacup, a hot drink, "
        "a steaming mug, an espresso, a warm beverage, a cocoa beaker"
    ),
    "umbrella": forms(
        "an umbrella, an open umbrella, a parasol, a brolly, a sunshade, an opened umbrella, a beach parasol, "
        "a handheld canopy, a folding brolly, a gamp, a shelter from rain, a bumbershoot"
    ),
    "anchor": forms(
        "an anchor, a ship's anchor, a nautical anchor, an iron anchor, a mooring, a sailor's tattoo, "
        "a mooring hook, a grapnel, a naval insignia, a kedge, a seabed hook, a killick"
    ),
    "crown": forms(
        "a crown, a royal crown, a king's crown, a queen's crown, a tiara, a diadem, a coronet, a royal headdress, "
        "a jewelled headpiece, a regal ornament, a coronation circlet, a ruler's regalia"
    ),
    "car": forms(
        "a car, an automobile, a motor car, a passenger car, a sedan, a motor vehicle, a vehicle, a hatchback, "
        "a taxi, a saloon car, a four-wheeler, a roadster"
    ),
    "bell": forms(
        "a bell, a ringing bell, a handbell, a chime, an alarm bell, a jingle bell, a tolling bell, a brass bell, "
        "a notification chime, a tocsin, a dinner ringer, a carillon chime"
    ),
    "scissors": forms(
        "a pair of scissors, a scissors icon, a pair of shears, a pair of paper scissors, a paper cutter, "
        "a tailor's pair of shears, a pair of snips, a hairdresser's snipper, a cutting instrument, "
        "a coupon clipper, a two-bladed snipper, a barber's implement"
    ),
    "boat": forms(
        "a boat, a sailboat, a sailing boat, a yacht, a dinghy, a sailing vessel, a small yacht, a sloop, "
        "a schooner, a craft under sail, a catamaran, a regatta racer"
    ),
    "ladder": forms(
        "a ladder, a stepladder, a wooden ladder, a climbing ladder, a tall ladder, a loft ladder, a set of rungs, "
        "a fireman's ladder, an extension ladder, a climbing aid, a decorator's stepladder, a scaling apparatus"
    ),
    "hammer": forms(
        "a hammer, a claw hammer, a mallet, a carpenter's hammer, a carpenter's tool, a sledgehammer, a nail driver, "
        "a gavel, a builder's tool, a nail pounder, a blacksmith's tool, a handyman's basher"
    ),
    "flag": forms(
        "a flag, a waving flag, a banner, a national flag, a flag on a pole, a pennant, an ensign, "
        "a fluttering banner, a streamer, a pole with bunting, a waving pennant, a country's ensign"
    ),
    "butterfly": forms(
        "a butterfly, a moth, a winged insect, a pretty butterfly, a swallowtail, an insect with wings, a winged bug, "
        "a lepidopteran, a papillon, a former caterpillar, a nectar sipper, a fritillary"
    ),
}
HIDDEN = "something"
FORMS = 12
_SHARES = [2**32 // rank for rank in range(1, FORMS + 1)]
_BOUNDS = np.array([bound * 2**32 // sum(_SHARES) for bound in accumulate(_SHARES)][:-1])


def noun_forms(word: Words) -> Int64:
    """Draw surface forms by Zipf's law, Pr(rank r) ~ 1 / r: int64 (n,) in [0, 12)."""
    return np.searchsorted(_BOUNDS, fraction(word), "right")
