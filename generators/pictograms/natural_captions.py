"""The grammar of captions as people write them: sentences with capitals, punctuation and everyday words."""

from collections.abc import Iterable

from spurgen.generators.pictograms.captions import MINUTES, Grammar
from spurgen.generators.pictograms.nouns import forms
from spurgen.generators.streams import Words, uniform_int

NOUNS: dict[str, tuple[str, ...]] = {
    "heart": forms(
        "a heart, a love heart, a valentine, a symbol of love, a valentine heart, a romantic symbol, a beating heart, "
        "a token of affection, a symbol of romance, a sweetheart's gift, a lover's heart, an ace of hearts"
    ),
    "arrow": forms(
        "an arrow, an up arrow, a pointer, an upward arrow, an arrow pointing up, a cursor, an upload button, "
        "a mouse cursor, an arrow symbol, a direction marker, a pointing arrow, an up button"
    ),
    "moon": forms(
        "a moon, a crescent moon, a crescent, a half moon, a new moon, a quarter moon, a bright moon, "
        "a sickle moon, a sliver of the moon, a waning moon, a lunar crescent, a young moon"
    ),
    "house": forms(
        "a house, a home, a cottage, a cabin, a little house, a bungalow, a hut, a residence, a villa, "
        "a house with a chimney, a detached house, a suburban home"
    ),
    "tree": forms(
        "a tree, a pine tree, a Christmas tree, a fir tree, a pine, a fir, a spruce, an evergreen, a conifer, "
        "a spruce tree, a cedar, a forest tree"
    ),
    "fish": forms(
        "a fish, a goldfish, a trout, a salmon, a swimming fish, a tropical fish, a tuna, a carp, a sea bass, "
        "an aquarium fish, a cod, a fish with fins"
    ),
    "key": forms(
        "a key, a door key, a room key, a spare key, a master key, an old-fashioned key, a skeleton key, "
        "a padlock key, a metal key, a key to a lock, an antique key, a latchkey"
    ),
    "bolt": forms(
        "a lightning bolt, a bolt of lightning, a thunderbolt, a flash of lightning, a bolt, a lightning strike, "
        "a high-voltage symbol, a streak of lightning, an electricity symbol, a jolt of electricity, "
        "an electric spark, a power symbol"
    ),
    "cup": forms(
        "a cup, a mug, a coffee cup, a cup of coffee, a cup of tea, a coffee mug, a teacup, a hot drink, "
        "a steaming mug, an espresso, a steaming cup, a cappuccino"
    ),
    "umbrella": forms(
        "an umbrella, an open umbrella, a parasol, a rain umbrella, a beach umbrella, a sunshade, a golf umbrella, "
        "a folding umbrella, a pocket umbrella, a beach parasol, a travel umbrella, a sun umbrella"
    ),
    "anchor": forms(
        "an anchor, a ship's anchor, an iron anchor, a nautical anchor, a sailor's tattoo, a heavy anchor, "
        "a navy symbol, a rusty anchor, an anchor with a chain, a mooring anchor, a naval emblem, a marine anchor"
    ),
    "crown": forms(
        "a crown, a royal crown, a king's crown, a queen's crown, a tiara, a jewelled crown, a princess's tiara, "
        "a symbol of royalty, a coronation crown, a ruler's crown, a royal headpiece, a coronet"
    ),
    "car": forms(
        "a car, an automobile, a passenger car, a sedan, a vehicle, a taxi, a motor vehicle, a hatchback, "
        "a family car, a parked car, a cab, a compact car"
    ),
    "bell": forms(
        "a bell, a ringing bell, a church bell, an alarm bell, a brass bell, a handbell, a jingle bell, a chime, "
        "a dinner bell, a notification bell, a doorbell, a sleigh bell"
    ),
    "scissors": forms(
        "a pair of scissors, a pair of shears, a pair of kitchen scissors, a pair of paper scissors, "
        "a pair of craft scissors, a pair of sewing scissors, a paper cutter, a pair of sharp scissors, "
        "a pair of clippers, a pair of tailor's scissors, a pair of barber's scissors, a scissors symbol"
    ),
    "boat": forms(
        "a boat, a sailboat, a sailing boat, a yacht, a small boat, a dinghy, a boat with sails, a racing yacht, "
        "a sailing vessel, a toy boat, a small sailboat, a schooner"
    ),
    "ladder": forms(
        "a ladder, a stepladder, a wooden ladder, a tall ladder, a step ladder, an extension ladder, a set of steps, "
        "a firefighter's ladder, a painter's ladder, a climbing ladder, an attic ladder, a set of rungs"
    ),
    "hammer": forms(
        "a hammer, a claw hammer, a mallet, a carpenter's hammer, a hand tool, a sledgehammer, a builder's hammer, "
        "a carpenter's tool, a tool for driving nails, a gavel, a steel hammer, a builder's mallet"
    ),
    "flag": forms(
        "a flag, a waving flag, a banner, a national flag, a flag on a pole, a pennant, a flagpole, a country's flag, "
        "a hoisted flag, a fluttering banner, a raised flag, a team pennant"
    ),
    "butterfly": forms(
        "a butterfly, a moth, a winged insect, a pretty butterfly, an insect, an insect with wings, "
        "a monarch butterfly, a flying insect, a swallowtail, a bug with wings, a summer butterfly, "
        "a delicate butterfly"
    ),
}
PLACES = forms(
    "station, harbour, market, bridge, school, library, museum, airport, stadium, park, theatre, castle, bakery, "
    "factory, hotel, hospital, fountain, tower, tunnel, pier, cinema, zoo, bank, supermarket, university, pharmacy, "
    "playground, farm, river, lake, town hall, post office"
)
WEATHER = forms(
    "foggy, rainy, sunny, windy, snowy, cloudy, stormy, frosty, humid, mild, chilly, hazy, warm, cool, freezing, breezy"
)
PARTS_OF_DAY = ((3, "night"), (12, "morning"), (18, "afternoon"), (21, "evening"), (24, "night"))  # with their ends
DAYS = forms("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday")


def _clock(minute: int) -> tuple[str, str]:
    """Return the time on a twelve-hour clock and the part of the day; together they name one minute of the day."""
    hour = minute // 60
    part = next(part for end, part in PARTS_OF_DAY if hour < end)
    return f"{(hour - 1) % 12 + 1}:{minute % 60:02d}", part


def _fillers(nuisance: Words) -> Iterable[str]:
    sizes = (len(PLACES), len(WEATHER), len(DAYS), MINUTES)
    columns = [uniform_int(nuisance[:, k], size).tolist() for k, size in enumerate(sizes, start=1)]
    for place, weather, day, minute in zip(*columns, strict=True):
        time, part = _clock(minute)
        yield f"near the {PLACES[place]} at {time} on a {WEATHER[weather]} {DAYS[day]} {part}"


def _capitalised(caption: str) -> str:
    return caption[0].upper() + caption[1:]


NATURAL = Grammar(tuple(NOUNS.values()), _fillers, _capitalised, ("NATURAL_PHRASES", "NATURAL_NEUTRAL"))
