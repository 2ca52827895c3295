"""Folders of classes, as torchvision and timm read them."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from spurgen.benchmark.scenario import load_scenario, make_scenario
from spurgen.generators import class_names, sample
from spurgen.harness.exports.formats.classes import class_folders


def test_imagefolder_and_timm_read_the_classes_and_labels_of_every_part(make):
    from torchvision.datasets import ImageFolder  # slow to import

    make("classes")
    scenario = load_scenario("small.toml")
    with open("set/metadata.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    for split in ("train", "val", "test", "twins/core"):
        read = ImageFolder(f"set/{split}", allow_empty=True)
        assert read.classes == class_folders(scenario)
        assert [name.partition("-")[2] for name in read.classes] == list(class_names(scenario))
        labels = {Path("set", row["file_name"]): int(row["label"]) for row in rows if row["split"] == split}
        assert {Path(path): label for path, label in read.samples} == labels
        assert read[0][0].size == (scenario.image_size, scenario.image_size)
        if split != "twins/core":
            own = sample(scenario, split, range(scenario.split_size(split)), images=False, captions=False).labels
            assert Counter(read.targets) == Counter(own.tolist())
    timm = pytest.importorskip("timm.data")
    read = timm.create_dataset("", root="set", split="train")
    assert len(read) == scenario.splits.train
    assert read.reader.class_to_idx == {name: k for k, name in enumerate(class_folders(scenario))}


def test_folders_have_the_order_of_labels_and_names_that_every_disk_takes():
    plain = make_scenario("t", suite="t", name="w", seed=1, num_classes=12, channels={"color": {}})
    assert class_folders(plain) == sorted(class_folders(plain))
    assert class_folders(plain)[:2] == [f"{k:02d}-{class_names(plain)[k]}" for k in range(2)]
