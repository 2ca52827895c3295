import base64
from dataclasses import replace

import pytest

from spurgen.benchmark.errors import FrozenDataError
from spurgen.harness.splits.freeze import digest, make_part
from spurgen.harness.splits.frozen import check_description, check_samples, compare
from spurgen.harness.splits.verify import verify


def without_captions(parts):
    for part in parts.values():
        for shard in part["shards"]:
            del shard["captions"]


DAMAGED = [
    (lambda _, parts: parts.pop("test"), "small lacks part test"),
    (lambda _, parts: parts.clear(), "small lacks part .*"),
    (lambda _, parts: parts.update(more=parts["val"]), "small has no part more"),
    (lambda _, parts: parts["val"].update(samples=44), "small, val has 44 samples, expected 45"),
    (lambda _, parts: parts["val"]["shards"].append(parts["val"]["shards"][0]), "val has 2 shards, expected 1"),
    (lambda _, parts: parts["val"].update(fingerprints="AAAA"), "val has 3 bytes of fingerprints, expected 90"),
    (lambda _, parts: parts["val"]["shards"][0].pop("images"), "shard 0 has digests of other halves than the first.*"),
    (lambda _, parts: without_captions(parts), "scenario small has no digests of captions, which a task shows"),
    (lambda data, _: data.update(suite="huge"), "it is that of suite huge, expected tiny"),
    (lambda data, _: data.update(shard_size=500), "shard_size is 500, expected 1000"),
]
UNREADABLE = [
    (lambda _, parts: parts["val"].update(shards=[]), r"val.shards.*at least 1 item"),
    (lambda _, parts: parts["val"].update(samples=0), r"val.samples.*greater than or equal to 1"),
    (lambda _, parts: parts["val"].update(fingerprints="AAA"), r"val.fingerprints.*not base64"),
    (lambda _, parts: parts["val"]["shards"][0].update(images="0"), r"val.shards.0.images.*should match pattern"),
    (lambda data, _: data["scenarios"]["small"].update(scenario_sha256="x"), r"scenario_sha256.*match pattern"),
]


@pytest.mark.parametrize(("change", "message"), DAMAGED)
def test_a_manifest_that_does_not_fit_its_scenario_is_an_error_that_says_where(spoiled, change, message):
    with pytest.raises(FrozenDataError, match=rf"tiny\.manifest\.json is damaged: .*{message}; restore it from versi"):
        check_description(spoiled(change), "small")


@pytest.mark.parametrize(("change", "message"), UNREADABLE)
def test_an_invalid_manifest_is_an_error_that_says_where(spoiled, change, message):
    with pytest.raises(FrozenDataError, match=rf"(?s)cannot read the manifest .*{message}.*restore it"):
        check_description(spoiled(change), "small")


def test_a_scenario_that_is_not_in_the_manifest_is_named(spoiled):
    changed = spoiled(lambda data, _: data.update(scenarios={}))
    with pytest.raises(FrozenDataError, match="does not hold scenario small; restore it from version control"):
        check_description(changed, "small")


def test_altered_fingerprints_are_detected_even_if_every_digest_is_right(spoiled):
    def alter(_, parts):
        prints = bytearray(base64.b64decode(parts["train"]["fingerprints"]))
        prints[2 * 17] ^= 1
        parts["train"]["fingerprints"] = base64.b64encode(prints).decode()

    problem = verify(spoiled(alter), jobs=1)
    assert "train: shard 0 is the frozen one, but the manifest's fingerprints differ, first in sample 17" in problem


def test_a_shard_of_the_wrong_length_is_reported_by_its_count(suite):
    samples = make_part(suite.scenario("small"), "val", 0, 40)
    with pytest.raises(FrozenDataError, match="small, val: shard 0 holds 40 samples, expected 45;"):
        check_samples(suite, "small", "val", 0, samples)


def test_samples_made_without_images_are_checked_by_captions_and_factors(suite):
    samples = make_part(suite.scenario("small"), "val", 0, 45)
    blind = replace(samples, images=samples.images[:0])
    check_samples(suite, "small", "val", 0, blind)
    with pytest.raises(FrozenDataError, match="captions"):
        check_samples(suite, "small", "val", 0, replace(blind, captions=["no", *samples.captions[1:]]))


def test_no_sample_is_named_where_the_fingerprints_agree(suite):
    frozen = suite.manifest.scenarios["small"].parts["val"]
    made = digest(make_part(suite.scenario("small"), "val", 0, 45))
    shard = frozen.shards[0].model_copy(update={"captions": "0" * 64})
    message = compare("here", frozen.model_copy(update={"shards": (shard,)}), 0, 0, made)
    assert message.startswith("here: shard 0 differs in captions; expected SHA-256 0000")


def test_samples_of_a_later_shard_are_numbered_from_the_start_of_the_part(suite):
    """Shards of channel twins begin anew with every value: here shard 2 begins with sample 48."""
    part = "twins/channel/color"
    made = make_part(suite.scenario("small"), part, 48, 72)
    altered = replace(made, captions=[*made.captions[:5], "!", *made.captions[6:]])
    with pytest.raises(FrozenDataError, match=f"{part}: shard 2 differs in captions, first in sample 53;"):
        check_samples(suite, "small", part, 48, altered)
