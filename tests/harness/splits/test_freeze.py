import dataclasses
import itertools

import pytest

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import FrozenDataError
from spurgen.generators.world import world_of
from spurgen.harness.splits.freeze import (
    check_leakage,
    digest,
    freeze,
    hash_suite,
    shard_bounds,
    shown_carriers,
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
