import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.task import Task
from spurgen.generators import sample, twins
from spurgen.generators.world import world_of
from spurgen.harness.public.torch import dataset as module
from spurgen.harness.running.data import fitted
from spurgen.harness.running.plan import plan_unfrozen
from spurgen.torch import SpurGenDataset, SpurGenStream


@pytest.fixture
def world(suite):
    return suite.scenario("small")


def test_an_item_is_a_sample(world):
    data, made = SpurGenDataset(world, "val"), sample(world, "val", range(45))
    assert len(data) == 45
    item = data[7]
    np.testing.assert_array_equal(item["image"].permute(1, 2, 0), made.images[7])
    assert (item["caption"], item["label"]) == (made.captions[7], made.labels[7])
    assert (item["group"], item["env"], item["index"]) == (made.group_ids[7], made.env_ids[7], 7)
    assert item["values"] == {name: ids[7] for name, ids in made.channel_values.items()}


@pytest.mark.parametrize(("modality", "absent"), [("image", "caption"), ("text", "image")])
def test_a_modality_shows_its_half(world, modality, absent):
    item = SpurGenDataset(world, modality=modality)[0]
    assert {"image", "caption"} - item.keys() == {absent}


@pytest.mark.parametrize("modality", ["image", "text", "multimodal"])
def test_groups_are_over_the_channels_that_the_modality_carries(world, modality):
    data = SpurGenDataset(world, "test", modality=modality)
    task = Task("any", world, modality)
    batch = next(iter(DataLoader(data, batch_size=len(data))))
    groups = world_of(world).groups(task.channels, world_of(world).factors("test"))
    assert batch["group"].tolist() == groups.tolist()
    assert data.num_groups == task.num_groups == len(set(groups.tolist()))
    assert set(batch["values"]) == set(world.channels)


def test_a_loader_gets_whole_batches_in_any_order(world, monkeypatch):
    data, asked = SpurGenDataset(world, "val"), []
    whole = SpurGenDataset.__getitems__
    monkeypatch.setattr(SpurGenDataset, "__getitems__", lambda self, k: asked.append(len(k)) or whole(self, k))
    batches = list(DataLoader(data, batch_size=10, shuffle=True, generator=torch.Generator().manual_seed(0)))
    assert asked == [10, 10, 10, 10, 5]
    order = torch.cat([batch["index"] for batch in batches])
    assert sorted(order.tolist()) == list(range(45)) != order.tolist()
    made = sample(world, "val", range(45))
    np.testing.assert_array_equal(torch.cat([batch["label"] for batch in batches]), made.labels[order])
    np.testing.assert_array_equal(torch.cat([b["image"] for b in batches]).permute(0, 2, 3, 1), made.images[order])


def test_twins_are_those_of_the_generator(world):
    red = SpurGenDataset(world, "test", modality="image").twins("channel", "color", 0)
    made = twins(world, "test", range(3), "channel", "color", 0, captions=False)
    for k in range(3):
        np.testing.assert_array_equal(red[k]["image"].permute(1, 2, 0), made.images[k])
        assert red[k]["values"]["color"] == 0
    assert len(red) == world.num_test


def test_transforms_of_torchvision_apply_to_items_batches_and_twins(world):
    from torchvision.transforms import v2

    shown = v2.Compose([v2.Resize(16), v2.RandomHorizontalFlip(1.0), v2.ToDtype(torch.float32, scale=True)])
    plain, data = SpurGenDataset(world, "val"), SpurGenDataset(world, "val", transform=shown)
    batch = next(iter(DataLoader(data, batch_size=6)))["image"]
    assert (batch.shape, batch.dtype) == ((6, 3, 16, 16), torch.float32)
    for k in range(6):
        torch.testing.assert_close(data[k]["image"], shown(plain[k]["image"]))
        torch.testing.assert_close(batch[k], data[k]["image"])
    torch.testing.assert_close(data.twins("core")[2]["image"], shown(plain.twins("core")[2]["image"]))


@pytest.mark.parametrize("kept_bytes", [0, 1 << 30])
def test_single_items_are_those_of_a_batch_whether_chunks_are_kept_or_not(world, monkeypatch, kept_bytes):
    monkeypatch.setattr(module, "CHUNK", 20)  # 45 items: the last chunk is short
    monkeypatch.setattr(module, "KEPT_BYTES", kept_bytes)
    for data in (SpurGenDataset(world, "val"), SpurGenDataset(world, "test").twins("core")):
        for place, whole in zip((44, 0, 19, 20), data.__getitems__([44, 0, 19, 20]), strict=True):
            item = data[place]
            assert item.keys() == whole.keys()
            assert torch.equal(item.pop("image"), whole.pop("image"))
            assert item == whole


@pytest.mark.parametrize(
    ("modality", "kept_bytes", "made"),
    [("multimodal", 45 * 3 * 32**2, [45]), ("multimodal", 45 * 3 * 32**2 - 1, [1, 1, 1]), ("text", 0, [45])],
)
def test_a_chunk_is_made_once_and_only_if_the_split_is_small_enough(world, monkeypatch, modality, kept_bytes, made):
    found, draw = [], module.draw
    monkeypatch.setattr(module, "draw", lambda *arguments: found.append(len(arguments[2])) or draw(*arguments))
    monkeypatch.setattr(module, "KEPT_BYTES", kept_bytes)
    data = SpurGenDataset(world, "val", modality=modality)
    for place in (3, 40, 3):
        data[place]
    assert found == made


def test_what_is_done_to_an_item_changes_no_other(world):
    data = SpurGenDataset(world, "val")
    before = data[5]["image"].clone()
    data[5]["image"].zero_()
    data[5]["values"].clear()
    assert torch.equal(data[5]["image"], before)
    assert data[5]["values"]


def test_negative_indices_count_from_the_end(world):
    data = SpurGenDataset(world, "val")
    assert data[-1]["index"] == 44
    for wrong in (45, -46):
        with pytest.raises(IndexError, match=f"index {wrong} is beyond split val, which has 45 samples"):
            data[wrong]
    assert [item["index"] for item in data.__getitems__([3, -1])] == [3, 44]


def test_what_does_not_exist_is_named(world):
    with pytest.raises(ScenarioError, match="dev"):
        SpurGenDataset(world, "dev")
    with pytest.raises(ScenarioError, match="there is no modality 'sound'"):
        SpurGenDataset(world, modality="sound")
    with pytest.raises(ScenarioError, match="size"):
        SpurGenDataset(world).twins("channel", "size", 0)


@pytest.fixture
def rung():
    return load_suite("v4").task("hidden-text-4").in_world(0)


def test_train_and_val_of_a_rung_are_what_a_submission_gets(rung):
    job = plan_unfrozen(rung, "spurgen.submissions.keywords", 0, "cpu", {})
    for split in ("train", "val"):
        data, made = SpurGenDataset(rung, split), fitted(job, split)
        batch = next(iter(DataLoader(data, batch_size=len(data))))
        assert batch["caption"] == made.inputs.captions
        assert batch["label"].tolist() == made.labels.tolist()
        assert batch["group"].tolist() == made.group_ids.tolist()
        assert data.num_groups == rung.num_groups
    assert (made.group_ids % 2).sum() == 16  # the last ones of val


def test_samples_of_a_rung_come_in_any_order_from_all_its_pieces(rung):
    data = SpurGenDataset(rung, "train")
    chosen = [1199, 3, 600, 0, 1196, 2, 4]  # the first 4 have the hidden shortcut's counterexamples, the last 4 others'
    items = data.__getitems__(chosen)
    assert [item["index"] for item in items] == chosen
    assert [{**item, "index": 0} for item in items] == [{**data[k], "index": 0} for k in chosen]
    assert len({item["caption"] for item in items}) == 7


def test_a_rung_shows_its_modality_and_has_the_parts_of_its_ladder():
    rung = load_suite("v4").task("things-image-4").in_world(0)
    data = SpurGenDataset(rung, "test/mislead")
    item = data[5]
    assert item["image"].shape == (3, 224, 224)
    assert "caption" not in item
    assert item["values"].keys() == set(rung.channels)
    assert len(data) == 300
    assert item["group"] == 2 * item["label"] + 1


def test_a_rung_has_no_other_split_and_no_stream(rung):
    with pytest.raises(ScenarioError, match="unknown split 'tests'; choose one of train, train/counter"):
        SpurGenDataset(rung, "tests")
    with pytest.raises(ScenarioError, match="splits of their own: test/venue"):
        SpurGenDataset(rung).twins("channel", "venue", 1)
    with pytest.raises(ScenarioError, match="has an end"):
        SpurGenStream(rung)
