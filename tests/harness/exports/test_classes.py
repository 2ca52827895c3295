"""Folders of classes, as torchvision and timm read them."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from spurgen.benchmark.scenario import load_scenario, make_scenario
from spurgen.generators import class_names, sample
from spurgen.harness.exports.formats.classes import class_folders


@pytest.mark.parametrize("split", ["train", "val", "test", "twins/core"])
def test_imagefolder_reads_the_classes_and_labels_of_every_part(make, split):
    from torchvision.datasets import ImageFolder  # slow to import

    make("classes")
    scenario = load_scenario("small.toml")
    read = ImageFolder(f"set/{split}", allow_empty=True)
    assert read.classes == class_folders(scenario)
    assert [name.partition("-")[2] for name in read.classes] == list(class_names(scenario))
    with open("set/metadata.csv", newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["split"] == split]
    labels = {Path("set", row["file_name"]): int(row["label"]) for row in rows}
    assert {Path(path): label for path, label in read.samples} == labels
    if split != "twins/core":
        own = sample(scenario, split, range(scenario.split_size(split)), images=False, captions=False).labels
        assert Counter(read.targets) == Counter(own.tolist())
    assert read[0][0].size == (scenario.image_size, scenario.image_size)


def test_timm_reads_the_train_split(make):
    timm = pytest.importorskip("timm.data")
    make("classes")
    scenario = load_scenario("small.toml")
    read = timm.create_dataset("", root="set", split="train")
    assert len(read) == scenario.splits.train
    assert read.reader.class_to_idx == {name: k for k, name in enumerate(class_folders(scenario))}


def test_folders_have_the_order_of_labels_and_names_that_every_disk_takes():
    plain = make_scenario("t", suite="t", name="w", seed=1, num_classes=12, channels={"color": {}})
    assert class_folders(plain) == sorted(class_folders(plain))
    assert class_folders(plain)[:2] == [f"{k:02d}-{class_names(plain)[k]}" for k in range(2)]
