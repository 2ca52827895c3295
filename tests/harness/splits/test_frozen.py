import dataclasses
import itertools
import os
import re
from dataclasses import replace

import pytest

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.suite import load_suite
from spurgen.generators.pictograms.world import PictogramWorld
from spurgen.generators.world import world_of
from spurgen.harness.results.identity import HOME
from spurgen.harness.splits import frozen as module
from spurgen.harness.splits.frozen import (
    check_description,
    check_leakage,
    check_samples,
    compare,
    digest,
    freeze,
    hash_suite,
    shard_bounds,
    shown_carriers,
    stamp,
    stamped,
    verify,
)


def test_freezing_again_gives_the_same_manifest_in_one_process_or_two(suite):
    assert freeze(suite, jobs=2) == suite.manifest == freeze(suite, jobs=1)


def test_shards_cover_every_part_without_gaps(suite):
    scenario = suite.scenario("small")
    for part, size in scenario.parts.items():
        bounds = shard_bounds(scenario, part)
        assert bounds[0][0] == 0
        assert bounds[-1][1] == size
        assert all(a[1] == b[0] for a, b in itertools.pairwise(bounds))


def test_the_calibration_split_is_frozen_where_there_is_one(suite):
    scenario = suite.scenario("small")
    assert "calibration" not in scenario.parts
    splits = scenario.splits.model_copy(update={"calibration_per_group": 2})
    larger = scenario.model_copy(update={"splits": splits})
    assert larger.parts["calibration"] == 24
    assert world_of(larger).draw("calibration", range(0, 24)).labels.tolist() == [0, 1, 2] * 8


def test_a_shard_of_channel_twins_has_one_value(suite):
    scenario = suite.scenario("small")
    for start, stop in shard_bounds(scenario, "twins/channel/color"):
        values = world_of(scenario).draw("twins/channel/color", range(start, stop)).channel_values["color"]
        assert len(set(values.tolist())) == 1


def test_a_digest_depends_on_captions_and_factors(suite):
    samples = world_of(suite.scenario("small")).draw("test", range(0, 4))
    base, other = digest(samples), Batch(samples.images, ["x", *samples.captions[1:]])
    assert digest(dataclasses.replace(samples, inputs=other)).captions != base.captions
    labels = samples.labels.copy()
    labels[2] += 1
    assert digest(dataclasses.replace(samples, labels=labels)).factors != base.factors


def test_pixels_and_captions_that_no_task_shows_are_not_frozen(suite):
    """Nobody sees the images of a suite of texts, and making them would take ten times as long as all else."""
    text = dataclasses.replace(suite, tasks={n: t for n, t in suite.tasks.items() if t.modality == "text"})
    frozen, whole = freeze(text, jobs=1).scenarios["small"], suite.manifest.scenarios["small"]
    assert shown_carriers(text, "small") == frozen.carriers == {"caption"}
    assert shown_carriers(suite, "small") == whole.carriers == {"image", "caption"}
    for part, record in frozen.parts.items():
        for shard, of_all in zip(record.shards, whole.parts[part].shards, strict=True):
            assert shard == of_all.model_copy(update={"images": None})


TWINS = ("twins/placebo", "twins/core", "twins/ctrl", "twins/unc", "twins/channel/background")
PLACES = [("train", "test", 0, 5), ("val", "test", 0, 5), *(("val", part, 0, 5) for part in TWINS)]


@pytest.fixture
def parts(suite):
    """The digests of the tiny suite: part -> shards."""
    digests = {}
    both = {"small": ("image", "caption")}
    for _, part, shard in hash_suite(suite, both, lambda _: None, jobs=1):
        digests.setdefault(part, []).append(shard)
    return digests


@pytest.mark.parametrize(("source", "target", "shard", "place"), [*PLACES, ("train", "twins/channel/color", 2, 53)])
@pytest.mark.parametrize("half", ["images", "captions"])
def test_test_content_in_train_or_val_is_an_error(parts, half, source, target, shard, place):
    check_leakage("small", parts)
    content = list(getattr(parts[target][shard], half))
    content[5] = getattr(parts[source][0], half)[7]
    parts[target][shard] = dataclasses.replace(parts[target][shard], **{half: content})
    message = f"small: {half[:-1]} of {target} sample {place} is also that of {source} sample 7; change the scenario's"
    with pytest.raises(FrozenDataError, match=message):
        check_leakage("small", parts)


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
    samples = world_of(suite.scenario("small")).draw("val", range(0, 40))
    with pytest.raises(FrozenDataError, match="small, val: shard 0 holds 40 samples, expected 45;"):
        check_samples(suite, "small", "val", 0, samples)


def test_samples_made_without_images_are_checked_by_captions_and_factors(suite):
    samples = world_of(suite.scenario("small")).draw("val", range(0, 45))
    blind, other = (
        replace(samples, inputs=Batch(None, each)) for each in (samples.captions, ["no", *samples.captions[1:]])
    )
    check_samples(suite, "small", "val", 0, blind)
    with pytest.raises(FrozenDataError, match="captions"):
        check_samples(suite, "small", "val", 0, other)


def test_shards_of_channel_twins_begin_anew_with_every_value(suite):
    part = "twins/channel/color"
    made = world_of(suite.scenario("small")).draw(part, range(48, 72))
    check_samples(suite, "small", part, 48, made)
    altered = replace(made, inputs=Batch(made.images, [*made.captions[:5], "!", *made.captions[6:]]))
    with pytest.raises(FrozenDataError, match=f"{part}: shard 2 differs in captions; expected SHA-256 "):
        check_samples(suite, "small", part, 48, altered)


def reload(suite):
    return load_suite(str(suite.folder / "tiny.toml"))


def edit(path, old, new):
    path.write_text(path.read_text().replace(old, new))


def test_the_frozen_suite_passes_and_every_sample_is_counted(suite):
    made = []
    assert verify(suite, made.append, jobs=1) is None
    assert sum(made) == sum(suite.scenario("small").parts.values())


@pytest.mark.parametrize("half", ["images", "captions", "factors"])
def test_a_difference_is_reported_with_part_shard_half_and_both_digests(suite, spoiled, half):
    problem = verify(spoiled(lambda _, parts: parts["val"]["shards"][0].update({half: "0" * 64})), jobs=1)
    right = getattr(suite.manifest.scenarios["small"].parts["val"].shards[0], half)
    assert f"scenario small, val: shard 0 differs in {half}" in problem
    assert f"expected SHA-256 {'0' * 64}, found {right}" in problem


def test_the_first_sample_that_differs_is_named(suite, monkeypatch):
    draw = PictogramWorld.draw

    def altered(world, part, indices, carriers):
        samples = draw(world, part, indices, carriers)
        if part == "test":
            samples.images[17, 3, 4, 0] ^= 1
            samples.images[30] = 0
        return samples

    monkeypatch.setattr(PictogramWorld, "draw", altered)
    assert "test: shard 0 differs in images;" in verify(suite, jobs=1)


def test_an_edited_scenario_file_is_refused(suite):
    edit(suite.scenario_file("small"), "0.7", "0.71")
    with pytest.raises(FrozenDataError, match=r"small\.toml was edited: expected SHA-256 \w{64}, found \w{64}"):
        verify(reload(suite), jobs=1)


def test_a_scenario_file_with_another_layout_is_accepted(suite):
    edit(suite.scenario_file("small"), "seed", "# a comment\nseed")
    assert verify(reload(suite), jobs=1) is None


def test_a_stamp_that_is_no_file_is_none(suite, cache):
    assert not stamped(suite)
    stamp(suite)
    assert stamped(suite)
    (file,) = (cache / "verified").iterdir()
    file.unlink()
    os.mkfifo(file)
    assert not stamped(suite)


def test_a_cache_that_cannot_be_read_holds_no_stamp(suite, monkeypatch):
    monkeypatch.setenv("SPURGEN_CACHE", "x" * 300)  # an error that is not that of a missing file
    assert not stamped(suite)


@pytest.mark.parametrize(
    "name",
    [
        "numpy.__version__",
        "spurgen.harness.splits.frozen.version",
        "platform.machine",
    ],
)
def test_a_stamp_does_not_hold_for_other_libraries(suite, monkeypatch, name):
    stamp(suite)
    assert stamped(suite)
    monkeypatch.setattr(name, "another" if name.endswith("__") else lambda *_: "another")
    assert not stamped(suite)


@pytest.mark.parametrize("folder", ["benchmark", "generators", "harness/splits"])
def test_a_stamp_does_not_hold_for_other_code(suite, monkeypatch, folder):
    stamp(suite)
    digest_of = module._code_digest
    monkeypatch.setattr(module, "_code_digest", lambda place: digest_of(place) + "!" * (place == HOME / folder))
    assert not stamped(suite)


@pytest.mark.parametrize("changed", ["scenario", "manifest"])
def test_a_stamp_does_not_hold_for_another_scenario_or_manifest(suite, changed):
    stamp(suite)
    assert stamped(suite)
    if changed == "scenario":
        edit(suite.scenario_file("small"), "0.7", "0.71")
    else:
        edit(suite.manifest_file, suite.manifest.scenarios["small"].parts["val"].shards[0].images, "0" * 64)
    assert not stamped(reload(suite))


def test_released_data_are_still_made_as_they_were_frozen():
    """Of each scenario, in one world or draw, the first test samples; `spurgen splits verify` makes them all."""
    released = load_suite("v4")
    one_each = {re.sub(r"-[wd]\d+$", "", world): world for world in released.scenarios}
    assert one_each.keys() == {task.scenario.name for task in released.tasks.values()}
    for world in one_each.values():
        scenario = released.scenario(world)
        frozen = check_description(released, world)
        for part in {"calibration", "test/mislead"} & scenario.parts.keys():
            start, stop = shard_bounds(scenario, part)[0]
            made = digest(world_of(scenario).draw(part, range(start, stop), frozen.carriers))
            assert compare(f"{world}, {part}", frozen.parts[part], 0, made) is None
