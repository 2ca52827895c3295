import base64
from dataclasses import replace

import pytest

from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.manifest import Part
from spurgen.benchmark.scenario import make_scenario
from spurgen.generators import sample
from spurgen.harness.splits.freeze import digest, make_part
from spurgen.harness.splits.frozen import check_description, check_samples, compare
from spurgen.harness.splits.verify import verify


def bend(parts, sample):
    """Alters a sample's fingerprint."""
    prints = bytearray(base64.b64decode(parts["train"]["fingerprints"]))
    prints[2 * sample] ^= 1
    parts["train"]["fingerprints"] = base64.b64encode(prints).decode()


DAMAGE = [
    (lambda _, parts: parts.pop("test"), "small lacks part test"),
    (lambda _, parts: parts.update(more=parts["val"]), "small has no part more"),
    (lambda _, parts: parts["val"].update(samples=44), "small, val has 44 samples, expected 45"),
    (lambda _, parts: parts["val"]["shards"].append(parts["val"]["shards"][0]), "val has 2 shards, expected 1"),
    (lambda _, parts: parts["val"].update(fingerprints="AAAA"), "val has 3 bytes of fingerprints, expected 90"),
    (lambda data, _: data.update(suite="huge"), "it is that of suite huge, expected tiny"),
    (lambda data, _: data.update(shard_size=500), "shard_size is 500, expected 1000"),
]


@pytest.mark.parametrize(("change", "told"), DAMAGE)
def test_a_manifest_that_does_not_fit_its_scenario_says_where(spoiled, change, told):
    with pytest.raises(FrozenDataError, match=rf"tiny\.manifest\.json is damaged: .*{told}; restore it from version"):
        check_description(spoiled(change), "small")


UNREADABLE = [
    (lambda _, parts: parts["val"].update(shards=[]), r"val.shards.*at least 1 item"),
    (lambda _, parts: parts["val"].update(samples=0), r"val.samples.*greater than or equal to 1"),
    (lambda _, parts: parts["val"].update(fingerprints="AAA"), r"val.fingerprints.*not base64"),
    (lambda _, parts: parts["val"]["shards"][0].update(images="0"), r"val.shards.0.images.*should match pattern"),
    (lambda data, _: data["scenarios"]["small"].update(scenario_sha256="x"), r"scenario_sha256.*match pattern"),
]


@pytest.mark.parametrize(("change", "told"), UNREADABLE)
def test_a_manifest_that_is_none_says_where(spoiled, change, told):
    with pytest.raises(FrozenDataError, match=rf"(?s)cannot read the manifest .*{told}.*restore it"):
        check_description(spoiled(change), "small")


def test_a_scenario_that_is_not_frozen_is_named(spoiled):
    changed = spoiled(lambda data, _: data.update(scenarios={}))
    with pytest.raises(FrozenDataError, match="does not hold scenario small; restore it from version control"):
        check_description(changed, "small")


def test_altered_fingerprints_are_found_though_every_digest_is_right(spoiled):
    problem = verify(spoiled(lambda _, parts: bend(parts, 17)), jobs=1)
    assert "train: shard 0 is the frozen one, but the manifest's fingerprints differ, first in sample 17" in problem


def test_a_shard_of_another_length_is_counted_not_compared(suite):
    samples = make_part(suite.scenario("small"), "val", 0, 40)
    with pytest.raises(FrozenDataError, match="small, val: shard 0 holds 40 samples, expected 45;"):
        check_samples(suite, "small", "val", 0, samples)


def test_no_sample_is_named_where_the_fingerprints_agree(suite):
    frozen = suite.manifest.scenarios["small"].parts["val"]
    found = digest(make_part(suite.scenario("small"), "val", 0, 45))
    shard = frozen.shards[0].model_copy(update={"captions": "0" * 64})
    told = compare("here", frozen.model_copy(update={"shards": (shard,)}), 0, 0, found)
    assert told.startswith("here: shard 0 differs in captions; expected SHA-256 0000")


def test_the_first_sample_of_a_later_shard_is_counted_from_the_parts_start(suite):
    """With channel twins, whose shards begin anew with every value: shard 2 begins with sample 48."""
    part = "twins/channel/color"
    frozen = suite.manifest.scenarios["small"].parts[part]
    made = make_part(suite.scenario("small"), part, 48, 72)
    captions = [*made.captions]
    captions[5] += "!"
    told = compare("here", frozen, 2, 48, digest(replace(made, captions=captions)))
    assert "here: shard 2 differs in captions, first in sample 53;" in told
    with pytest.raises(FrozenDataError, match=f"{part}: shard 2 differs in captions, first in sample 53;"):
        check_samples(suite, "small", part, 48, replace(made, captions=captions))


def test_a_part_of_more_than_a_shard_is_checked_shard_by_shard():
    """Its second shard begins with sample 1000."""
    spec = make_scenario("test", suite="t", name="w", seed=3, image_size=32, channels={"color": {}})
    made = [sample(spec, "train", range(*bounds), images=False) for bounds in ((0, 1000), (1000, 1030))]
    shards = [replace(digest(m), images=digest(m).captions) for m in made]  # pictures would take long
    prints = base64.b64encode(b"".join(shard.fingerprints for shard in shards)).decode()
    frozen = Part(samples=1030, shards=[shard.shard for shard in shards], fingerprints=prints)
    assert [compare("w", frozen, k, 1000 * k, shard) for k, shard in enumerate(shards)] == [None, None]
    bent = replace(shards[1], captions=[*shards[1].captions[:7], b"?", *shards[1].captions[8:]])
    assert "w: shard 1 differs in captions, first in sample 1007;" in compare("w", frozen, 1, 1000, bent)
