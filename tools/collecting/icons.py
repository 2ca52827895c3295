"""Icons of things from open sets, by npm's packages @iconify-json: what they show, and how they are drawn."""

import csv
import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from resvg_py import svg_to_bytes

from collecting.glosses import definitions
from collecting.sources import known
from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.own.pool import Pool

SETS = Path(__file__).with_name("icon_sets.csv")
"""The sets, with version, author, licence and digest; and their style: one, or another if the name has a word."""
NOUNS = {
    "animal": """
ant alligator alpaca anglerfish badger bat bear beaver bee beetle bird bison boar buffalo butterfly camel cat
caterpillar centipede cheetah cockroach cow crab crocodile crow deer dinosaur diplodocus dog dolphin donkey dove
dragonfly duck eagle elephant falcon ferret fish flamingo fly fox frog gecko giraffe goat goose gorilla hamster
hedgehog hippo hippopotamus horse hummingbird jaguar jellyfish kangaroo koala ladybug leopard lion lizard llama lobster
locust lynx mammoth mantis monkey mosquito moth octopus ostrich otter owl ox panda parrot peacock pelican penguin
pig pigeon piranha poodle pterodactyl puma rabbit raccoon raptor rat raven rhino rhinoceros rooster salmon scorpion
seahorse shark sheep shrimp skunk sloth snail snake sparrow spider squid squirrel stag starfish stegosaurus stork swan
swordfish tiger toad triceratops turtle tyrannosaurus vulture walrus wasp whale wolf worm zebra""",
    "food": """
acorn almond apple apricot artichoke asparagus aubergine avocado bacon bagel baguette banana beet blueberries bread
broccoli burger burrito cabbage cake candy cantaloupe carrot celery cheese cherries cherry chestnut chocolate coconut
cookie corn croissant cucumber cupcake donut doughnut dragonfruit drumstick dumpling durian egg eggplant eggs fries
garlic grape grapes guacamole ham hamburger hazelnut honey hotdog icecream jam kebab kiwi lemon lettuce lime lollipop
macaron mango meat melon muffin mushroom noodle noodles olive onion orange pancake pancakes papaya pasta peach peanut
pear peas pepper persimmon pineapple pizza plum pomegranate popcorn potato pretzel pudding pumpkin radish ramen
raspberry rice salad sandwich sausage shallot soup spaghetti steak strawberry sushi taco tomato turnip waffle
watermelon wheat yogurt""",
    "vehicle": """
airplane airship ambulance automobile bicycle bike boat bulldozer bus canoe car caravan excavator ferry forklift
helicopter jeep kayak locomotive lorry minibus moped motorbike motorcycle plane rocket sailboat scooter ship
skateboard sled snowmobile spaceship submarine subway taxi tractor train tram trolleybus truck van yacht zeppelin""",
    "tool": """
anvil axe binoculars broom bucket caliper calipers chainsaw chisel clamp comb compass corkscrew crowbar drill eraser
flashlight gavel grater hammer handsaw hatchet hoe hook knife ladder ladle lantern magnifier mallet microscope mop
nail needle paintbrush paintroller pen pencil pickaxe pitchfork plier pliers plunger protractor rake razor rope ruler
saw scalpel scissors screw screwdriver scythe shovel sickle sledgehammer spanner spatula sponge spoon squeegee stapler
stethoscope syringe telescope thermometer tongs toolbox toothbrush torch trowel tweezers vise wheelbarrow whisk
wrench""",
    "building": """
apartment barn bridge cabin castle cathedral church cinema cottage factory fort fortress hospital hotel house hut igloo
kiosk lighthouse mosque museum pagoda prison pyramid school shrine silo skyscraper stadium synagogue temple tent theater
tower university villa warehouse well windmill""",
    "clothing": """
apron backpack beanie belt bikini boot boots bra cap cape coat crown dress glasses glove gloves goggles handbag hat
helmet hoodie jacket jeans kimono mittens necklace necktie pants purse ring robe sandal sandals scarf shirt shoe shorts
skirt slippers sneaker sneakers sock socks sunglasses sweater swimsuit tie trousers tshirt umbrella underwear vest
watch""",
}
"""What was searched for. Nouns whose icons often show another thing were left out: a mouse that is a device."""
MISTAKEN = {
    ("boxicons", "plane"), ("game-icons", "butterfly"), ("game-icons", "drill"), ("material-symbols", "ambulance"),
    ("solar", "plane"),
}  # fmt: skip
"""Sets and nouns whose icons show another thing: a plane of paper. Found by looking at all of them."""
STYLE_WORDS = """
outline outlined filled fill solid linear bold line regular thin light rounded round sharp broken variant alt
alternative simple icon one two three o black white fresh animal fruit food ii twotone color xs sm md lg"""
"""An icon counts if its name is a noun and words of these alone."""
ALIASES = {
    "bike": "bicycle", "blueberries": "blueberry", "burger": "hamburger", "calipers": "caliper",
    "cantaloupe": "cantaloup", "cherries": "cherry", "eggs": "egg", "grapes": "grape", "hippo": "hippopotamus",
    "icecream": "ice_cream", "motorbike": "motorcycle", "noodles": "noodle", "pancakes": "pancake", "peas": "pea",
    "plane": "airplane", "scooter": "motor_scooter", "tram": "streetcar",
}  # fmt: skip
TOPICS = {"animal": {"animal"}, "food": {"food", "plant"}}
"""WordNet's topics of kinds; things of the others are artifacts."""
MOST = 2  # icons of a noun, a set and a style
SIDE, INNER, OVERSAMPLING = 112, 96, 2  # pixels of an image and of the icon in it
GROUND, INK = (245, 245, 245), "#202020"
WORDS = {
    "kind": "What it is an icon of.",
    "style": "Drawn in colour, in lines or as a solid shape, by its set and its name.",
}
SOURCE = "Icons whose names are those of things, by the sets in CREDITS.md; the text is WordNet's definition."


class Icon(NamedTuple):
    """An icon that counts: its set, its name there, and the noun it is of."""

    of: Mapping[str, Any]
    name: str
    noun: str
    style: str


def read_sets() -> list[dict[str, str]]:
    """Return the lines of the table of sets."""
    with SETS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pool(folder: Path) -> Pool:
    """Return the icons of the archives that `npm pack` put into a folder, each with the definition of its thing."""
    kinds = {noun: kind for kind, nouns in NOUNS.items() for noun in nouns.split()}
    texts = definitions({_lemma(noun): TOPICS.get(kind, {"artifact"}) for noun, kind in kinds.items()})
    icons = [icon for each in read_sets() for icon in _chosen(each, folder, kinds) if _lemma(icon.noun) in texts]
    shown = np.array([texts[_lemma(icon.noun)] for icon in icons])
    attributes = {"kind": [kinds[icon.noun] for icon in icons], "style": [icon.style for icon in icons]}
    images = np.stack([drawing(icon) for icon in icons])
    columns = {name: np.array(each) for name, each in attributes.items()}
    return Pool({"image": images, "caption": shown}, shown, columns, WORDS, SOURCE)


def _lemma(noun: str) -> str:
    return ALIASES.get(noun, noun)


def _chosen(line: Mapping[str, str], folder: Path, kinds: Mapping[str, str]) -> Iterator[Icon]:
    """Yield the icons of a set that count, at most `MOST` of a noun and style."""
    content = known(folder / f"iconify-json-{line['set']}-{line['version']}.tgz", line["sha256"])
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        member = archive.extractfile("package/icons.json")
        if member is None:
            raise SpurgenError(f"the archive of {line['set']} has no package/icons.json; fetch it again by npm pack")
        icons = json.load(member)
    seen, allowed = Counter[tuple[str, str]](), frozenset(STYLE_WORDS.split())
    for name in sorted(icons["icons"]):
        noun, *others = [word for part in re.split("[-_]", name) if (word := part.rstrip("0123456789"))] or [""]
        style = line["worded"] if line["word"] and line["word"] in others else line["style"]
        known_noun = noun in kinds and (line["set"], noun) not in MISTAKEN and not set(others) - allowed
        if known_noun and seen[noun, style] < MOST:
            seen[noun, style] += 1
            yield Icon(icons, name, noun, style)


def drawing(icon: Icon) -> NDArray[np.uint8]:
    """Return an icon in the middle of a light ground, uint8 (SIDE, SIDE, 3)."""
    found = icon.of["icons"][icon.name]
    frame = {"left": 0, "top": 0, "width": 16, "height": 16}
    left, top, width, height = (found.get(key, icon.of.get(key, default)) for key, default in frame.items())
    side = INNER * OVERSAMPLING
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{0}" height="{0}" '
        'viewBox="{1} {2} {3} {4}" color="{5}">{6}</svg>'
    ).format(side, left, top, width, height, INK, found["body"])
    drawn = Image.open(io.BytesIO(svg_to_bytes(svg_string=svg, skip_system_fonts=True))).convert("RGBA")
    image = Image.new("RGBA", (SIDE * OVERSAMPLING,) * 2, (*GROUND, 255))
    image.alpha_composite(drawn, ((image.width - drawn.width) // 2, (image.height - drawn.height) // 2))
    return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX))
