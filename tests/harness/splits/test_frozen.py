from dataclasses import replace

import pytest

from spurgen.benchmark.errors import FrozenDataError
from spurgen.harness.splits.freeze import make_part
from spurgen.harness.splits.frozen import check_description, check_samples
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
    (lambda _, parts: parts["val"]["shards"][0].pop("images"), "shard 0 has digests of other halves than the first.*"),
    (lambda _, parts: without_captions(parts), "scenario small has no digests of captions, which a task shows"),
    (lambda data, _: data.update(suite="huge"), "it is that of suite huge, expected tiny"),
    (lambda data, _: data.update(shard_size=500), "shard_size is 500, expected 1000"),
]
UNREADABLE = [
    (lambda _, parts: parts["val"].update(shards=[]), r"val.shards.*at least 1 item"),
    (lambda _, parts: parts["val"].update(samples=0), r"val.samples.*greater than or equal to 1"),
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


def test_the_manifest_of_an_earlier_version_with_fingerprints_is_the_same_frozen_data(spoiled, suite):
    older = spoiled(lambda _, parts: parts["train"].update(fingerprints="AAAA"))
    assert verify(older, jobs=1) is None
    assert older.manifest.digest != suite.manifest.digest  # which results name


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


def test_shards_of_channel_twins_begin_anew_with_every_value(suite):
    part = "twins/channel/color"
    made = make_part(suite.scenario("small"), part, 48, 72)
    check_samples(suite, "small", part, 48, made)
    altered = replace(made, captions=[*made.captions[:5], "!", *made.captions[6:]])
    with pytest.raises(FrozenDataError, match=f"{part}: shard 2 differs in captions; expected SHA-256 "):
        check_samples(suite, "small", part, 48, altered)
