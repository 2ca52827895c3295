"""The data of tasks on a world whose channels are carried by the image, the caption or both."""

import numpy as np
import pytest

from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import aligned_values, sample, twins
from spurgen.generators.world import world_of
from spurgen.harness.running.data import CALIBRATION, asked, fitted, labeled, make_part, pieces_of
from spurgen.harness.running.plan import baseline_specs, plan_unfrozen

CHANNELS = {"watermark": "image", "color": "both", "voice": "caption", "background": "both"}
CARRIED = {
    "image": ("watermark", "color", "background"),
    "text": ("color", "voice", "background"),
    "multimodal": tuple(CHANNELS),
}
N = 80


def make_task(modality, **splits):
    channels = {name: {"values": 4, "strength": 0.5, "carrier": carrier} for name, carrier in CHANNELS.items()}
    sizes = {"train": N, "val": 8, "test_per_group": 1, "twins": 40} | splits
    world = {"suite": "none", "name": "mixed", "seed": 3, "num_classes": 3, "image_size": 32, "splits": sizes}
    return Task(f"mixed-{modality}", make_scenario("test", channels=channels, **world), modality)


def job_of(task):
    return plan_unfrozen(task, baseline_specs(["erm"])[0], 0, "cpu", {})


def given(task, split, access, count=None):
    """Return the samples of a split and what training gets of the first `count`."""
    job = job_of(task)
    samples = fitted(job, split).take(slice(count))
    return samples, labeled(job, split, samples, access)


@pytest.fixture(params=CARRIED)
def task(request):
    return make_task(request.param)


def test_groups_combine_the_label_with_the_alignment_of_each_carried_channel(task):
    samples = sample(task.scenario, "train", range(N))
    aligned = {name: aligned_values(task.scenario, name) for name in CHANNELS}  # (V, K)
    conflicts = [~aligned[name][samples.channel_values[name], samples.labels] for name in CARRIED[task.modality]]
    expected = samples.labels * 2 ** len(conflicts) + sum(bits << place for place, bits in enumerate(conflicts))
    groups = world_of(task.scenario).groups(task.channels, samples)
    assert groups.tolist() == expected.tolist()
    assert groups.dtype == np.int64
    assert task.num_groups == 3 * 2 ** len(conflicts)
    assert len(set(groups.tolist())) > task.num_groups // 2


@pytest.mark.parametrize("access", ACCESS)
@pytest.mark.parametrize("split", ["train", "val"])
def test_labeled_data_contain_only_what_access_and_modality_allow(task, split, access):
    samples, data = given(task, split, access, 8)
    grant = ACCESS[access]
    groups = grant.train_groups if split == "train" else grant.val_groups
    granted = {"env_ids": grant.env_ids, "group_ids": groups, "channel_values": groups, "twins": grant.twins}
    assert {name: getattr(data, name) is not None for name in granted} == granted
    assert data.labels.tolist() == samples.labels.tolist()
    assert (data.captions is None) == (task.modality == "image")
    assert (data.images is None) == (task.modality == "text")
    if data.channel_values is not None:
        assert {name: values.tolist() for name, values in data.channel_values.items()} == {
            name: samples.channel_values[name].tolist() for name in CARRIED[task.modality]
        }
        assert data.group_ids.tolist() == world_of(task.scenario).groups(task.channels, samples).tolist()


@pytest.mark.parametrize("split", ["train", "val"])
def test_granted_twins_have_all_channels_redrawn(task, split):
    expected = twins(task.scenario, split, range(8), "unc")
    granted = given(task, split, "twins", 8)[1].twins
    for half, missing in (("images", "text"), ("captions", "image")):
        if task.modality == missing:
            assert getattr(granted, half) is None
        else:
            assert np.array_equal(getattr(granted, half), getattr(expected, half))


def test_every_value_of_every_carried_channel_is_asked_and_no_other(task):
    named = {f"twins/channel/{name}": 4 * 40 for name in CARRIED[task.modality]}
    every = {CALIBRATION: 8, "test": 48, "twins/core": 40, "twins/ctrl": 40, "twins/unc": 40, **named}
    assert list(asked(task).items()) == list(every.items())


def test_every_input_is_asked_for_once_and_in_order():
    task = make_task("multimodal", test_per_group=25, twins=1100)
    by_part = {}
    for part, indices in pieces_of(task):
        assert len(indices) <= 1000
        assert indices.start == len(by_part.setdefault(part, []))
        by_part[part] += indices
    assert {part: len(indices) for part, indices in by_part.items()} == asked(task)


def test_any_run_of_twins_is_that_of_its_values(task):
    job, name = job_of(task), CARRIED[task.modality][0]
    whole = make_part(job, f"twins/channel/{name}")
    assert whole.channel_values[name].tolist() == np.repeat(range(4), 40).tolist()
    few = make_part(job, f"twins/channel/{name}", 35, 90)
    np.testing.assert_array_equal(few.labels, whole.labels[35:90])
    assert few.captions == whole.captions[35:90]


def hidden_task():
    channels = {"color": {"values": 4}, "shape": {"values": 4, "hidden": True}}
    scenario = make_scenario(
        "t", suite="none", name="h", seed=3, num_classes=3, image_size=32, channels=channels,
        splits={"train": N, "val": 60, "test_per_group": 2, "twins": 20, "nuisance_twins": 5},
    )  # fmt: skip
    return Task("h-image", scenario, "image")


def test_a_hidden_channel_is_in_no_annotation_and_in_no_counterpart():
    task = hidden_task()
    samples, data = given(task, "train", "twins")
    unc = twins(task.scenario, "train", range(N), "unc")
    assert (task.channels, task.annotated) == (("color", "shape"), ("color",))
    np.testing.assert_array_equal(unc.channel_values["shape"], samples.channel_values["shape"])
    assert (unc.channel_values["color"] != samples.channel_values["color"]).any()
    np.testing.assert_array_equal(data.twins.images, unc.images)
    groups = given(task, "train", "train_groups")[1]
    assert groups.num_groups == 6
    assert list(groups.channel_values) == ["color"]
    np.testing.assert_array_equal(groups.group_ids, samples.labels * 2 + samples.group_ids % 2)
    # on test it counts, and it is redrawn
    assert task.num_groups == 12
    redrawn = twins(task.scenario, "test", range(20), "unc").channel_values["shape"]
    assert (redrawn != sample(task.scenario, "test", range(20)).channel_values["shape"]).any()


@pytest.mark.parametrize("access", ACCESS)
def test_balanced_val_samples_are_of_no_environment_and_only_for_tiers_that_see_groups_or_twins(access):
    even = make_task("multimodal", val=200, val_per_group=2)
    (made, data), balanced = given(even, "val", access), 2 * even.scenario.num_patterns * 3
    first = 0 if access in ("val_groups", "train_groups", "twins") else balanced
    assert data.labels.tolist() == made.labels[first:].tolist()
    assert data.captions == made.captions[first:]
    assert np.array_equal(data.images, made.images[first:])
    if ACCESS[access].env_ids:
        assert data.env_ids.tolist() == [-1] * (balanced - first) + made.env_ids[balanced:].tolist()
    train, granted = given(even, "train", access)
    assert len(granted.labels) == N
    assert granted.env_ids is None or granted.env_ids.tolist() == train.env_ids.tolist()
