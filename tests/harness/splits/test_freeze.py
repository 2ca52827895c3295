import dataclasses
import itertools

import pytest

from spurgen.benchmark.errors import FrozenDataError, ScenarioError
from spurgen.benchmark.suite import load_suite
from spurgen.harness.splits.freeze import check_leakage, digest, freeze, hash_suite, make_part, part_sizes, shard_bounds
from spurgen.harness.splits.frozen import check_samples
from spurgen.harness.splits.verify import stamp, stamped, verify


def test_freezing_again_gives_the_same_manifest_in_one_process_or_two(suite):
    assert freeze(suite, jobs=2) == suite.manifest == freeze(suite, jobs=1)


def test_every_part_is_cut_into_shards_without_gaps(suite):
    scenario = suite.scenario("small")
    for part, size in part_sizes(scenario).items():
        bounds = shard_bounds(scenario, part)
        assert bounds[0][0] == 0
        assert bounds[-1][1] == size
        assert all(a[1] == b[0] for a, b in itertools.pairwise(bounds))


def test_a_shard_of_channel_twins_holds_one_value(suite):
    scenario = suite.scenario("small")
    for start, stop in shard_bounds(scenario, "twins/channel/color"):
        values = make_part(scenario, "twins/channel/color", start, stop).channel_values["color"]
        assert len(set(values.tolist())) == 1


def test_verify_accepts_the_frozen_suite_and_counts_every_sample(suite):
    made = []
    assert verify(suite, made.append, jobs=1) is None
    assert sum(made) == sum(part_sizes(suite.scenario("small")).values())


@pytest.mark.parametrize("half", ["images", "captions", "factors"])
def test_verify_names_part_shard_half_and_both_digests(suite, spoiled, half):
    problem = verify(spoiled(lambda _, parts: parts["val"]["shards"][0].update({half: "0" * 64})), jobs=1)
    right = getattr(suite.manifest.scenarios["small"].parts["val"].shards[0], half)
    assert f"scenario small, val: shard 0 differs in {half}" in problem
    assert f"expected SHA-256 {'0' * 64}, found {right}" in problem


def test_verify_names_the_first_sample_that_differs(suite, monkeypatch):
    import spurgen.harness.splits.freeze as module

    def bent(scenario, part, start, stop):
        samples = make_part(scenario, part, start, stop)
        if part == "test":
            samples.images[17, 3, 4, 0] ^= 1
            samples.images[30] = 0
        return samples

    monkeypatch.setattr(module, "make_part", bent)
    assert "test: shard 0 differs in images, first in sample 17;" in verify(suite, jobs=1)


def test_an_edited_scenario_file_is_refused(suite):
    file = suite.scenario_file("small")
    file.write_text(file.read_text().replace("0.7", "0.71"))
    with pytest.raises(FrozenDataError, match=r"small\.toml was edited: expected SHA-256 \w{64}, found \w{64}"):
        verify(load_suite(str(suite.folder / "tiny.toml")), jobs=1)


def test_a_scenario_file_that_only_looks_different_is_accepted(suite):
    file = suite.scenario_file("small")
    file.write_text("# a comment\n" + file.read_text())
    assert verify(load_suite(str(suite.folder / "tiny.toml")), jobs=1) is None


@pytest.mark.parametrize("text", ["", "{", '{"suite": 3}'])
def test_a_damaged_manifest_is_refused(suite, text):
    suite.manifest_file.write_text(text)
    with pytest.raises(FrozenDataError, match="restore it from version control"):
        verify(load_suite(str(suite.folder / "tiny.toml")), jobs=1)


@pytest.mark.parametrize(("half", "name"), [("images", "image"), ("captions", "caption")])
def test_the_freeze_fails_if_test_content_occurs_in_train(suite, half, name):
    parts = {}
    for _, part, digests in hash_suite(suite, lambda _: None, jobs=1):
        parts.setdefault(part, []).append(digests)
    check_leakage("small", parts)
    leaked = list(getattr(parts["test"][0], half))
    leaked[5] = getattr(parts["train"][0], half)[7]
    parts["test"][0] = dataclasses.replace(parts["test"][0], **{half: leaked})
    with pytest.raises(FrozenDataError, match=f"{name} of test sample 5 is also that of train sample 7"):
        check_leakage("small", parts)


def test_a_digest_depends_on_every_half(suite):
    samples = make_part(suite.scenario("small"), "test", 0, 4)
    base = digest(samples)
    assert digest(dataclasses.replace(samples, captions=["x", *samples.captions[1:]])).captions != base.captions
    labels = samples.labels.copy()
    labels[2] += 1
    assert digest(dataclasses.replace(samples, labels=labels)).factors != base.factors


def test_samples_made_without_a_half_are_checked_by_the_others(suite):
    samples = make_part(suite.scenario("small"), "val", 0, 45)
    check_samples(suite, "small", "val", 0, dataclasses.replace(samples, images=samples.images[:0]))
    wrong = ["no", *samples.captions[1:]]
    with pytest.raises(FrozenDataError, match="captions"):
        check_samples(suite, "small", "val", 0, dataclasses.replace(samples, images=samples.images[:0], captions=wrong))


def test_a_stamp_holds_only_for_what_was_verified(suite, tmp_path):
    assert not stamped(suite, tmp_path)
    stamp(suite, tmp_path)
    assert stamped(suite, tmp_path)
    file = suite.scenario_file("small")
    file.write_text(file.read_text().replace("0.7", "0.71"))
    assert not stamped(load_suite(str(suite.folder / "tiny.toml")), tmp_path)


def test_unknown_suites_are_named():
    with pytest.raises(ScenarioError, match="there is no suite 'v0'; there are: v1"):
        load_suite("v0")
