"""The things that carry the class on ladders: their nouns, and pictures of those that have one."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import FrozenDataError
from spurgen.generators.atlas import MARGIN, Pictures, pack
from spurgen.generators.pictograms.captions import table

SIDE = 192  # pixels of a picture's side
# Written by tools/things.py from Noto Emoji, whose licence and authors things.LICENSE.md names.
PICTURES = Path(__file__).with_name("things.npz")
PICTURES_SHA256 = "6cfa6535ee372286383f0b1a05686a0a48eb58b75d62362f64b7b170c13dd437"
RESTORE = "restore it from version control, or install spurgen again"
CATEGORIES = ("animal", "vehicle", "food", "clothing", "tool")
PICTURED = table("""
animal: an ant, a bat, a bear, a beaver, a bison, a butterfly, a camel, a cat, a caterpillar, a chick, a cow,
    a crocodile, a deer, a dog, a dolphin, a duck, an eagle, an elephant, a flamingo, a fox, a frog, a giraffe,
    a goat, a gorilla, a hedgehog, a hippopotamus, a bee, a horse, a jellyfish, a kangaroo, a koala, a ladybug,
    a leopard, a lion, a lizard, a llama, a monkey, a mouse, an octopus, an orca, an otter, an owl, a panda, a parrot,
    a peacock, a penguin, a pig, a pufferfish, a rabbit, a raccoon, a rhinoceros, a rooster, a scorpion, a seal,
    a shark, a sheep, a skunk, a sloth, a snail, a snake, a spider, a swan, a tiger, a tropical fish, a turtle,
    a whale, a wolf, a zebra
vehicle: an ambulance, an articulated lorry, an auto rickshaw, a car, a bicycle, a bus, a canoe, a delivery truck,
    a ferry, a fire engine, a flying saucer, a helicopter, a kick scooter, a steam locomotive, a wheelchair,
    a subway train, a van, a motorboat, a motor scooter, a motorcycle, an electric wheelchair, a cable car,
    a railway carriage, an ocean liner, a pickup truck, a police car, a racing car, a rocket, a sailboat,
    a skateboard, an airplane, a propeller plane, an SUV, a taxi, a tractor, a train, a tram, a streetcar,
    a trolleybus, a sled
food: an avocado, a bagel, a baguette, a banana, a bell pepper, a birthday cake, a loaf of bread, a head of broccoli,
    a mushroom, a burrito, a stick of butter, a carrot, a wedge of cheese, a pair of cherries, a chestnut,
    a chocolate bar, a coconut, a bowl of rice, a cookie, a croissant, a cucumber, a cupcake, a custard pudding,
    a steak, a doughnut, a dumpling, an ear of corn, an egg, an eggplant, a fortune cookie, a portion of french fries,
    a bulb of garlic, a piece of ginger, a bunch of grapes, a salad, a hamburger, a chili pepper, an ice cream cone,
    a kiwi fruit, a head of lettuce, a lemon, a lollipop, a mango, a melon, an onion, a stack of pancakes, a pea pod,
    a peach, a peanut, a pear, a pie, a pineapple, a slice of pizza, a box of popcorn, a potato, a pretzel, an apple,
    a sweet potato, a sandwich, a snow cone, a slice of cake, a portion of spaghetti, a bowl of noodles, a strawberry,
    a portion of sushi, a taco, a tomato, a waffle, a slice of watermelon
clothing: a pair of ballet shoes, a bikini, a baseball cap, a pair of underpants, a trench coat, a dress,
    a pair of gloves, a graduation cap, a high-heeled shoe, a hiking boot, a pair of jeans, a kimono, a lab coat,
    a leather shoe, a karate uniform, a swimsuit, a sleeveless shirt, a sneaker, a safety vest, a sari, a scarf,
    a pair of shorts, a pair of socks, a T-shirt, a flip-flop, a top hat, a boot, a blouse, a sun hat, a sandal
tool: an axe, a broom, a bucket, a handsaw, a clamp, a flashlight, a hammer, a ladder, a magnifying glass,
    a paintbrush, a pencil, a razor, a pair of scissors, a screwdriver, a sewing needle, a shovel, a ruler,
    a toothbrush, a wrench, a plunger, a kitchen knife, a comb, a microscope, a telescope, a stethoscope, a syringe,
    a compass, a pen
""")
# Only captions show these: without them a category has fewer than 40 things.
UNPICTURED = table("""
clothing: a sweater, a hoodie, a raincoat, a skirt, a pair of trousers, a tuxedo, a pair of pyjamas, a bathrobe,
    a cardigan, a pair of mittens, a pair of leggings, a bow tie, an apron, a beret
tool: a drill, a pickaxe, a pair of pliers, a chisel, a rake, a hoe, a crowbar, a tape measure, a pair of tweezers,
    a trowel, a sledgehammer, a pitchfork, a soldering iron, a pair of tongs, a hacksaw
""")


@dataclass(frozen=True)
class Thing:
    """A thing of a category, its noun with the article, and whether it has a picture."""

    name: str
    noun: str
    category: str
    pictured: bool


def _things() -> Iterator[Thing]:
    for category in CATEGORIES:
        for nouns in (PICTURED, UNPICTURED):
            for noun in nouns.get(category, ()):
                name = noun.partition(" ")[2].rpartition(" of ")[2]
                yield Thing(name, noun, category, pictured=nouns is PICTURED)


THINGS = tuple(_things())  # by category, those with a picture first


@cache
def picture_atlas() -> NDArray[np.uint8]:
    """Return the pictures of the pictured things, in the order of `THINGS`: RGBA, uint8 (n, SIDE, SIDE, 4), read-only.

    Colours are not premultiplied; transparent pixels are 0. Raises `FrozenDataError` if the file is missing or differs
    from the frozen one.
    """
    atlas = read_pictures(PICTURES)
    found = hashlib.sha256(atlas.tobytes()).hexdigest()
    if found != PICTURES_SHA256:
        raise FrozenDataError(
            f"{PICTURES} was changed: expected pictures with SHA-256 {PICTURES_SHA256}, found {found}; {RESTORE}"
        )
    atlas.flags.writeable = False
    return atlas


def read_pictures(path: Path) -> NDArray[np.uint8]:
    """Decode the pictures in a file: RGBA, uint8 (n, SIDE, SIDE, 4). Raises `FrozenDataError` if it is unreadable.

    The file has a palette for each picture, uint8 (n, 256, 4), and the pixels' places in it, uint8 (n, SIDE, SIDE).
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            palettes, indices = stored["palettes"], stored["indices"]
        pictures: NDArray[np.uint8] = palettes[np.arange(len(indices))[:, None, None], indices]
    except Exception as error:  # NumPy and zipfile raise many kinds for a damaged file
        raise FrozenDataError(f"cannot read {path}, the pictures of things ({error}); {RESTORE}") from None
    return pictures


@cache
def pictures() -> Pictures:
    """Return the pictures of the things, in the order of `picture_atlas`."""
    return pack(picture_atlas())


def enlarged(span: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the span of a packed picture of a thing whose picture without margin spans `span`."""
    wide: NDArray[np.int64] = span * (SIDE + 2 * MARGIN) // SIDE
    return wide
