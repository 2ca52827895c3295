"""Compare samples of ladders with recorded digests, as `test_golden.py` does for the world of pictograms.

Only a new suite version may change them; then write the file again, and read what changed, with

    python tests/generators/golden/test_ladder.py
"""

import hashlib
import itertools
import json
from pathlib import Path

from spurgen.benchmark.worlds.things import Ladder
from spurgen.generators.things.shortcuts import SHORTCUTS
from spurgen.generators.world import world_of

FILE = Path(__file__).with_name("ladder.json")
# Named one by one: another value of a shortcut would change every world, and so does not go unnoticed.
VALUES = {"hue": 12, "wall": 10, "light": 10, "mark": 12, "place": 12}
# Shortcuts that were added later, each alone in worlds of its own.
LATER = {"tone": 7, "texture": 9, "badge": 12, "venue": 7, "event": 7, "company": 7}
CATEGORIES = ("animal", "vehicle", "food", "clothing", "tool")
DIALS = {
    "noise": {"label_noise": 0.3},
    "named": {"named": 0.5},
    "moving": {"moving": ("wall", "place")},
    "shares": {"things": (300, 300)},
    "hidden": {"hidden": ("wall",)},
    "two classes": {"categories": ("food", "animal")},
    "captions alone": {"shortcuts": {"hue": "caption", "place": "caption"}},
    "images alone": {"shortcuts": {"mark": "image", "wall": "image"}},
    "topics": {"shortcuts": dict.fromkeys(("venue", "event", "company"), "caption"), "variants": (26, 10)},
    "one topic": {"shortcuts": {"event": "caption"}, "variants": (3, 0)},
    "looks": {"shortcuts": dict.fromkeys(("tone", "texture", "badge"), "image"), "variants": (26, 10)},
    "drift": {"drift": 160},
    "veil": {"veil": 0.15},
    "soft": {"shown": 0.7, "bare": 0.2},
    "proportions": {"proportions": (1, 3, 2, 2, 2)},
    "without": {"without": ("fox", "van", "taco")},
    "a wall alone": {"shortcuts": {"hue": "image"}},
}


def carrier(name):
    kind = SHORTCUTS[name]
    return ("both" if kind.paint else "caption") if kind.phrases else "image"


def ladder(**fields):
    named = {"suite": "golden", "name": "golden", "seed": 2024, "categories": CATEGORIES, "image_size": 64}
    sizes = {"train": 200, "val": 100, "rungs": (0, 20)}
    return Ladder(**{**named, **sizes, "shortcuts": {name: carrier(name) for name in VALUES}, **fields})


def digest(ladder, part, indices):
    """Hash the decoded content of samples: pixels, captions and factors apart."""
    samples = world_of(ladder).draw(part, indices)
    columns = (samples.labels, samples.env_ids, samples.group_ids, *samples.channel_values.values())
    halves = (
        samples.images.tobytes(),
        "\n".join(samples.captions).encode(),
        json.dumps([column.tolist() for column in columns]).encode(),
    )
    return " ".join(hashlib.sha256(half).hexdigest() for half in halves)


def shown(name, value):
    """Return a world of one shortcut in which a value occurs, and the number that it has there."""
    for seed in itertools.count():
        world = ladder(seed=seed, shortcuts={name: carrier(name), "light": "image"})
        looks = world_of(world).meanings[name].tolist()
        if value in looks:
            return world, looks.index(value)


def made():
    """Make every golden sample; return name -> digests."""
    golden = {}
    for name, count in (VALUES | LATER).items():
        for value in range(count):
            world, number = shown(name, value)
            index = number * world.num_classes * world.twins_per_class + 3
            golden[f"{name}/{SHORTCUTS[name].values[value]}"] = digest(world, f"test/{name}", [index])
    for part in ladder().parts:
        golden[f"part/{part}"] = digest(ladder(), part, [0, 7, 15])
    for name, fields in DIALS.items():
        golden[f"dials/{name}"] = digest(ladder(**fields), "train/hidden" if "hidden" in fields else "train", range(8))
    for size in (32, 224):
        golden[f"size/{size}"] = digest(ladder(image_size=size), "train", range(4))
    golden["world/1"] = digest(ladder(worlds=3).in_world(1), "train", range(4))
    return golden


def test_samples_are_bit_for_bit_the_golden_ones():
    kept, golden = json.loads(FILE.read_text()), made()
    assert list(kept) == list(golden)
    assert {name: d for name, d in golden.items() if d != kept[name]} == {}


def test_golden_samples_have_every_value():
    assert {name: len(kind.values) for name, kind in SHORTCUTS.items()} == VALUES | LATER


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1) + "\n")
