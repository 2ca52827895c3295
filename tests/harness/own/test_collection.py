import numpy as np
import pytest
from torch.utils.data import DataLoader

from spurgen.benchmark.errors import FrozenDataError, ScenarioError
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.task import Task
from spurgen.benchmark.world import load_scenario
from spurgen.benchmark.worlds.collections import EVERYTHING
from spurgen.generators.collections.world import AGREES, MISLEADS, NEUTRAL
from spurgen.generators.world import world_of
from spurgen.harness.metrics import simultaneous_interval
from spurgen.harness.own.collection import MAJORITY, collection_of, folds_of, rungs_of, write_ladder
from spurgen.harness.public.measuring import measure
from spurgen.torch import SpurGenDataset


@pytest.fixture
def made(scenes, read, encode, tmp_path):
    """Return a function that makes the collection of a table, by default of all scenes, and its data."""

    def make(table=scenes):
        data = read(table)
        return collection_of(data, encode(data), 5, tmp_path / "samples.npz")[0], data

    return make


def rows(collection, m, draw, split="train"):
    """Return the samples of train or val with m counterexamples, places in the data, in order."""
    world = world_of(collection.in_world(draw))
    pieces = world.description.pieces(split, m)
    return np.concatenate([world.rows_of(part)[piece.start : piece.stop] for part, piece in pieces])


def test_rungs_are_nested_and_their_majority_stays(made):
    collection, data = made()
    found = {m: rows(collection, m, 3) for m in (0, 2, 8, 24)}
    counter = {m: [k for k in each if data.misleads[k]] for m, each in found.items()}
    assert {m: len(each) for m, each in counter.items()} == {0: 0, 2: 2, 8: 8, 24: 24}
    assert set(counter[2]) < set(counter[8]) < set(counter[24])
    assert all({*found[0]} <= {*each} for each in found.values())
    assert np.bincount(data.labels[counter[8]]).tolist() == [4, 4]  # classes take turns
    assert [*rows(collection, 8, 4)] != [*found[8]]
    assert collection.on_rung(24).rungs == (24,)
    with pytest.raises(ScenarioError, match="own has 24 counterexamples in train, not 25"):
        collection.on_rung(25)


def test_val_has_a_quarter_of_the_counterexamples_and_at_least_16(made):
    collection, data = made()
    found = [int(data.misleads[rows(collection, m, 0, "val")].sum()) for m in (0, 2, 8, 72, 400)]
    assert found == [0, 16, 16, 18, 20]  # there are no more
    assert len(rows(collection, EVERYTHING, 0, "val")) == 80
    without = {m: len(range(80)[collection.biased_rows("val", m)]) for m in (8, EVERYTHING)}
    assert without == {8: 60, EVERYTHING: 80}


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_torch_data_set_has_its_counterexamples_and_features(made, split):
    collection, _ = made()
    task = Task("own-8", collection.in_world(3), "features", counterexamples=8)
    data = SpurGenDataset(task, split)
    assert len(data) == len(rows(collection, 8, 3, split))
    drawn = world_of(task.scenario).rows(split, 8, range(len(data)))
    batch = next(iter(DataLoader(data, batch_size=len(data))))
    np.testing.assert_array_equal(batch["features"], drawn.inputs.features)
    assert batch["group"].tolist() == drawn.group_ids.tolist()


def test_the_majority_is_bounded(made, monkeypatch):
    monkeypatch.setitem(MAJORITY, "train", 50)
    assert len(rows(made()[0], 8, 0)) == 58


def test_rungs_end_with_all_counterexamples(scenes, read):
    assert rungs_of(read(scenes)) == (0, 2, 8, 24)
    assert rungs_of(read(scenes[~((scenes.kind == "animal") & (scenes.place == "shed") & (scenes.split == 0))])) == (
        0, 2, 8, 12,
    )  # fmt: skip
    assert rungs_of(read(scenes.drop(index=range(2, 24)))) == (0, 2)


def test_samples_whose_class_is_not_measured_are_trained_on_and_asked(scenes, made):
    third = scenes.iloc[:20].assign(kind="plant", place="garden", split=np.repeat([0, 1, 2], [10, 5, 5]))
    uneven = scenes.drop(index=range(241, 273, 2))  # of the samples of test that mislead, 4 of tool, 20 of animal
    collection, data = made(type(scenes)(np.concatenate([uneven, third]), columns=scenes.columns))
    world = world_of(collection.in_world(0))
    assert collection.parts["test/other"] == 5
    assert (collection.num_classes, collection.measured) == (3, 2)
    tested = world.draw("test/mislead", range(24))
    assert set(world.groups(("place",), tested)) == {1, 3}  # without those of plant, whose numbers are in between
    assert world.labeled("features", "train", world.draw("train/all", range(10))).num_groups == 6
    assert sum(collection.asked("features").values()) == data.inside("test").sum()
    line = measure(lambda batch: np.eye(3)[np.zeros(len(batch), int)], collection).lines["own-24"]
    ends = line["accuracy_mislead_low"], line["accuracy_mislead_high"]
    assert (line["accuracy_mislead"], ends) == (0.5, simultaneous_interval(np.array([6]), np.array([13])))


def test_a_value_of_no_class_makes_no_counterexample(scenes, made):
    collection, data = made(scenes.assign(place=np.where(np.arange(320) % 4 < 2, "field", scenes.place)))
    world = world_of(collection.in_world(0))
    rows, drawn = world.rows_of("train/all"), world.draw("train/all", range(collection.parts["train/all"]))
    assert set(data.states[rows]) == {AGREES, MISLEADS, NEUTRAL}
    assert drawn.group_ids.tolist() == (2 * drawn.labels + data.misleads[rows]).tolist()


def test_a_ladder_is_read_as_it_was_written(made, tmp_path):
    collection, _ = made()
    write_ladder(collection, 0.9, tmp_path / "ladder.toml")
    again = load_scenario(tmp_path / "ladder.toml")
    assert again == collection.model_copy(update={"ceiling": 0.9})
    drawn = world_of(again.in_world(1)).draw("test/mislead", [0, 3])
    assert drawn.inputs.given.keys() == {"features"}
    assert (world_of(again.in_world(1)).agrees(drawn)["place"] == [False, False]).all()
    with pytest.raises(ScenarioError, match="own has the draws 0 to 4, but no 5"):
        again.in_world(5)
    file = tmp_path / "samples.npz"
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(FrozenDataError, match=r"samples\.npz was changed after it was written; restore it, or"):
        world_of(again.in_world(2).model_copy(update={"sha256": "0" * 64}))


def test_features_are_in_no_suite(made, tmp_path):
    write_ladder(made()[0], 0.9, tmp_path / "own" / "own.toml")
    (tmp_path / "own.toml").write_text('[ladders]\nown = { scenario = "own", modality = "features" }')
    with pytest.raises(ScenarioError, match=r"own\.toml: scenario own has features, and a manifest freezes images and"):
        load_suite(str(tmp_path / "own.toml"))


def test_the_balanced_part_has_as_many_samples_that_agree_as_mislead_in_each_class(scenes, read):
    data = read(scenes)  # 84 counterexamples of all splits, 42 of each class
    folds = folds_of(data)
    for k in range(2):
        for state in (AGREES, MISLEADS):
            sizes = np.bincount(folds[(data.labels == k) & (data.states == state) & (folds >= 0)])
            assert sizes.tolist() == [9, 9, 8, 8, 8]
    agrees = (scenes.kind == "animal") == (scenes.place == "meadow")
    few = read(scenes[agrees | scenes.index.isin(range(240, 248))])  # four of each class, fewer than folds
    assert folds_of(few).max() == -1
