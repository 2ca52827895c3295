"""The data of tasks on a world whose channels are carried by the image, the caption or both."""

import numpy as np
import pytest

from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.task import Task
from spurgen.generators import aligned_values, sample, twins
from spurgen.harness.running.task_data import (
    CALIBRATION,
    Block,
    bases,
    labeled_data,
    part_start,
    pieces_of,
    task_groups,
    twin_blocks,
)

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


@pytest.fixture(params=CARRIED)
def task(request):
    return make_task(request.param)


def test_groups_combine_the_label_with_the_alignment_of_each_carried_channel(task):
    samples = sample(task.scenario, "train", range(N))
    aligned = {name: aligned_values(task.scenario, name) for name in CHANNELS}  # (V, K)
    conflicts = [~aligned[name][samples.channel_values[name], samples.labels] for name in CARRIED[task.modality]]
    expected = samples.labels * 2 ** len(conflicts) + sum(bits << place for place, bits in enumerate(conflicts))
    groups = task_groups(task, samples.group_ids)
    assert groups.tolist() == expected.tolist()
    assert groups.dtype == np.int64
    assert task.num_groups == 3 * 2 ** len(conflicts)
    assert len(set(groups.tolist())) > task.num_groups // 2


@pytest.mark.parametrize("access", ACCESS)
@pytest.mark.parametrize("split", ["train", "val"])
def test_labeled_data_contain_only_what_access_and_modality_allow(task, split, access):
    samples = sample(task.scenario, split, range(8))
    data = labeled_data(task, split, samples, access)
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
        assert data.group_ids.tolist() == task_groups(task, samples.group_ids).tolist()


@pytest.mark.parametrize("split", ["train", "val"])
def test_granted_twins_have_all_channels_redrawn(task, split):
    samples = sample(task.scenario, split, range(8))
    expected = twins(task.scenario, split, range(8), "unc")
    granted = labeled_data(task, split, samples, "twins").twins
    for half, missing in (("images", "text"), ("captions", "image")):
        if task.modality == missing:
            assert getattr(granted, half) is None
        else:
            assert np.array_equal(getattr(granted, half), getattr(expected, half))


def test_channel_twins_cover_every_value_of_every_carried_channel(task):
    blocks = twin_blocks(task)
    assert [block.kind for block in blocks[:3]] == ["core", "ctrl", "unc"]
    named = [(block.channel, block.value) for block in blocks[3:]]
    assert named == [(name, value) for name in CARRIED[task.modality] for value in range(4)]


def test_every_input_is_asked_for_once_and_in_order():
    task = make_task("multimodal", test_per_group=5, twins=240)
    by_block = {}
    for block, indices in pieces_of(task, chunk=100):
        assert len(indices) <= 100
        assert indices.start == len(by_block.setdefault(block, []))
        by_block[block] += indices
    assert by_block.pop(CALIBRATION) == list(range(8))
    assert list(by_block) == [Block(), *twin_blocks(task)]
    for block, indices in by_block.items():
        assert indices == list(range(240))  # there are 240 test samples as well
        assert bases(task, block) == range(len(indices))


def test_part_start_locates_a_sample_in_the_manifest():
    task = make_task("multimodal")
    assert part_start(task, Block(), 5) == ("test", 5)
    assert part_start(task, Block("unc"), 5) == ("twins/unc", 5)
    assert part_start(task, Block("channel", "color", 3), 5) == ("twins/channel/color", 3 * 40 + 5)


def hidden_task():
    channels = {"color": {"values": 4}, "shape": {"values": 4, "hidden": True}}
    scenario = make_scenario(
        "t", suite="none", name="h", seed=3, num_classes=3, image_size=32, channels=channels,
        splits={"train": N, "val": 60, "test_per_group": 2, "twins": 20, "nuisance_twins": 5},
    )  # fmt: skip
    return Task("h-image", scenario, "image")


def test_a_hidden_channel_is_in_no_annotation_and_in_no_counterpart():
    task = hidden_task()
    samples = sample(task.scenario, "train", range(N))
    data = labeled_data(task, "train", samples, "twins")
    unc = twins(task.scenario, "train", range(N), "unc")
    assert (task.channels, task.annotated) == (("color", "shape"), ("color",))
    np.testing.assert_array_equal(unc.channel_values["shape"], samples.channel_values["shape"])
    assert (unc.channel_values["color"] != samples.channel_values["color"]).any()
    np.testing.assert_array_equal(data.twins.images, unc.images)
    groups = labeled_data(task, "train", samples, "train_groups")
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
    made, balanced = sample(even.scenario, "val", range(200)), 2 * even.scenario.num_patterns * 3
    data = labeled_data(even, "val", made, access)
    first = 0 if access in ("val_groups", "train_groups", "twins") else balanced
    assert data.labels.tolist() == made.labels[first:].tolist()
    assert data.captions == made.captions[first:]
    assert np.array_equal(data.images, made.images[first:])
    if ACCESS[access].env_ids:
        assert data.env_ids.tolist() == [-1] * (balanced - first) + made.env_ids[balanced:].tolist()
    train = sample(even.scenario, "train", range(N))
    granted = labeled_data(even, "train", train, access)
    assert len(granted.labels) == N
    assert granted.env_ids is None or granted.env_ids.tolist() == train.env_ids.tolist()
