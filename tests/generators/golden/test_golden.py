"""Compare single samples with recorded digests of their pixels and captions, on every machine and version.

A digest that differs means that published splits can no longer be made. Only a new suite version
may change them; then write the file again, and read what changed, with

    python tests/generators/golden/test_golden.py
"""

import hashlib
import json
from pathlib import Path

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.worlds.pictograms import NUISANCES, make_scenario
from spurgen.generators import sample, twins
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.pictograms.shapes import DRAWINGS

FILE = Path(__file__).with_name("digests.json")
KINDS = discover(CHANNELS)
# Named one by one, so that a channel or a value that is added later leaves these worlds as they are.
VALUES = {"background": 12, "color": 12, "lighting": 10, "shape": 12, "synonym": 12, "voice": 11, "watermark": 12}
LATER = {"tint": 10, "word": 20}  # kinds that were added later, each alone in a world of its own
DIALS = {
    "core": {"core_size": 0.6, "core_contrast": 0.5, "core_visibility": 0.5},
    "faint": {"channels": {kind: {"magnitude": 0.4, "variance": 0.3} for kind in ("color", "shape", "background")}},
    "spoken": {"caption_fidelity": 0.5},
    "noisy": {"label_noise": 0.3, "withheld": [{"class": 0, "color": 1}]},
    "noise on labels": {"label_noise": 0.5, "noise_kind": "label"},
    "apart": {
        "channels": {
            "painted": {"kind": "color", "carrier": "image", "alignment": "many-to-many"},
            "told": {"kind": "color", "carrier": "caption", "strength": [0.05 * k for k in range(20)]},
        },
        "environments": [{"name": "a", "weight": 0.3}, {"name": "b", "weight": 0.7, "strength": {"told": 0.1}}],
    },
    "expected": {"alignment": "natural"},
    "unexpected": {"alignment": "counter"},
    "written": {"captions": "natural"},
    "vague": {"captions": "natural", "caption_fidelity": 0.5, "core_visibility": 0.5},
}


def world(**fields):
    """Describe a world by hand, so that no tuning of a suite's files touches it."""
    channels = {kind: {"carrier": carrier(kind), "values": count} for kind, count in VALUES.items()}
    spec = {"suite": "golden", "name": "golden", "seed": 2024, "num_classes": 20, "channels": channels}
    return make_scenario("golden", **{**spec, "splits": {"twins": 1}, **fields})


def carrier(kind):
    return "both" if len(KINDS[kind].CARRIERS) == 2 else min(KINDS[kind].CARRIERS)


def digest(samples):
    """Hash the decoded content of samples: pixels, captions and factors apart."""
    columns = (samples.labels, samples.env_ids, samples.group_ids, *samples.channel_values.values())
    halves = (
        samples.images.tobytes(),
        "\n".join(samples.captions).encode(),
        json.dumps([column.tolist() for column in columns]).encode(),
    )
    return " ".join(hashlib.sha256(half).hexdigest() for half in halves)


def made():
    """Make every golden sample; return name -> digests."""
    spec, golden = world(), {}
    for kind, count in VALUES.items():
        for value, name in enumerate(KINDS[kind].VALUES[:count]):
            golden[f"{kind}/{name}"] = digest(twins(spec, "test", [3], "channel", kind, value))
    for kind, count in LATER.items():
        own = world(channels={kind: {"carrier": carrier(kind), "values": count}})
        for value, name in enumerate(KINDS[kind].VALUES[:count]):
            golden[f"{kind}/{name}"] = digest(twins(own, "test", [3], "channel", kind, value))
    for index, name in enumerate(DRAWINGS):
        golden[f"class/{name}"] = digest(sample(spec, "test", [index]))
    for size in (32, 224):
        golden[f"size/{size}"] = digest(sample(world(image_size=size), "train", range(4)))
    for name, dials in DIALS.items():
        golden[f"dials/{name}"] = digest(sample(world(**dials), "train", range(8)))
    for split in ("train", "val", "test"):
        golden[f"split/{split}"] = digest(sample(spec, split, [0, 7, 10**6]))
    few = {"channels": {"color": {}, "shape": {}}, "label_noise": 0.5}
    sizes = {"val": 100, "val_per_group": 1, "test_per_group": 1, "conflicting_per_class": 1}
    many = world(**few, worlds=2, splits=sizes).in_world(1)
    golden["split/val with balanced groups"] = digest(sample(many, "val", range(78, 84)))
    golden["split/test with more conflicts"] = digest(sample(many, "test", range(78, 84)))
    for kind in ("placebo", "core", "ctrl", "unc"):
        golden[f"twins/{kind}"] = digest(twins(spec, "test", range(2), kind))
    for nuisance in NUISANCES:
        golden[f"twins/placebo/{nuisance}"] = digest(twins(spec, "test", range(2), "placebo", nuisance))
    return golden


def test_samples_are_bit_for_bit_the_golden_ones():
    kept, golden = json.loads(FILE.read_text()), made()
    assert list(kept) == list(golden)
    assert {name: d for name, d in golden.items() if d != kept[name]} == {}


def test_golden_samples_differ_from_one_another():
    kept = json.loads(FILE.read_text())
    for kind, count in (VALUES | LATER).items():
        mine = [digests.split() for name, digests in kept.items() if name.startswith(f"{kind}/")]
        for carried, half in (("image", 0), ("caption", 1)):
            different = len({digests[half] for digests in mine})
            assert different == (count if carried in KINDS[kind].CARRIERS else 1), f"{kind} in the {carried}"


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1) + "\n")
