"""Libraries read the formats that are made for them, most of them in a process of their own."""

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.world import load_scenario
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import class_names, sample, twins
from spurgen.harness.cli import main
from spurgen.harness.exports.formats.classes import class_folders
from spurgen.harness.exports.plan import FORMATS

ROOT = Path(__file__).parents[3]
HUGGING_FACE = """
import json, sys
import numpy as np
from datasets import load_dataset

def read(arguments, options):
    loaded = load_dataset(*arguments, **options, cache_dir="cache")
    features = loaded["test"].features
    label, caption, image = ("cls", "txt", "png") if "cls" in features else ("label", "caption", "image")
    return {
        "labels": {name: split[label][:] for name, split in loaded.items()},
        "captions": {name: split[caption][:] for name, split in loaded.items()},
        "pixels": np.asarray(loaded["test"][3][image]).tolist(),
        "names": {name: feature.names for name, feature in features.items() if hasattr(feature, "names")},
    }

table = load_dataset("./wilds", cache_dir="cache")
twins = load_dataset("./parquet", "twins", cache_dir="cache")
print(json.dumps({
    "read": [read(*case) for case in json.loads(sys.argv[1])],
    "table": {"splits": list(table), "y": table["table"]["y"][:], "split": table["table"]["split"][:]},
    "twins": {name: np.asarray(split[3]["image"]).tolist() for name, split in twins.items()},
}))
"""
WEBDATASET = """
import json
import webdataset as wds

tars = "set/test-{00000..00001}-of-00002.tar"
read = wds.WebDataset(tars, shardshuffle=False).decode("rgb8").to_tuple("png", "cls", "txt", "json")
print(json.dumps([[image.tolist(), label, caption, row["index"]] for image, label, caption, row in read]))
"""
CROISSANT = """
import json, sys
import mlcroissant as mlc

def read(folder, records):
    dataset = mlc.Dataset(f"{folder}/croissant.json")
    issues = dataset.metadata.ctx.issues
    return {
        "errors": sorted(issues.errors), "warnings": sorted(issues.warnings),
        "responsible": [dataset.metadata.data_biases, dataset.metadata.personal_sensitive_information],
        "labels": [record[f"{records}/label"] for record in dataset.records(records)] if records else [],
        "classes": [str(record["classes/name"]) for record in dataset.records("classes")],
    }

print(json.dumps({folder: read(folder, records) for folder, records in json.loads(sys.argv[1]).items()}))
"""


def run(code, *arguments):
    offline = os.environ | {"HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": "home"}
    command = [sys.executable, "-c", code, *map(json.dumps, arguments)]
    done = subprocess.run(command, env=offline, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


READ = (
    ("folder", ["imagefolder"], {"data_dir": "folder"}),
    ("folder", ["./folder"], {}),
    ("parquet", ["./parquet"], {}),
    ("parquet", ["parquet"], {"data_files": {s: f"parquet/data/{s}-*" for s in ("train", "val", "test")}}),
    ("webdataset", ["./webdataset"], {}),
)


@pytest.mark.slow
def test_hugging_face_reads_every_format(make):
    """`imagefolder` takes the splits' names for labels where a split's folder has no table of its own."""
    for form in ("folder", "parquet", "webdataset", "wilds"):
        make(form, form)
    scenario = load_scenario("small.toml")
    found = run(HUGGING_FACE, [case for _, *case in READ])
    made = {split: sample(scenario, split, range(scenario.split_size(split))) for split in ("train", "val", "test")}
    for (form, _, options), loaded in zip(READ, found["read"], strict=True):
        names = {"val": "val" if "data_files" in options else "validation"}
        for split, samples in made.items():
            assert loaded["labels"][names.get(split, split)] == samples.labels.tolist(), (form, options)
            assert loaded["captions"][names.get(split, split)] == samples.captions, (form, options)
        assert loaded["pixels"] == made["test"].images[3].tolist(), (form, options)
        if form == "parquet":
            assert loaded["names"]["label"] == list(class_names(scenario))
            assert loaded["names"]["color"] == ["red", "blue", "green"]
    table = found["table"]  # of the layout of Waterbirds, instead of its folders
    assert table["splits"] == ["table"]
    on_test = [y for y, split in zip(table["y"], table["split"], strict=True) if split == 2]
    assert on_test == made["test"].labels.tolist()
    assert found["twins"]["core"] == twins(scenario, "test", [3], "core").images[0].tolist()
    changed = twins(scenario, "test", [3], "channel", "shape", 0)
    assert found["twins"]["channel_shape"] == changed.images[0].tolist()


@pytest.mark.slow
def test_webdataset_reads_all_samples(make):
    make("webdataset", shard_size=17)
    scenario = load_scenario("small.toml")
    made = sample(scenario, "test", range(scenario.num_test))
    columns = made.images.tolist(), made.labels.tolist(), made.captions, range(scenario.num_test)
    assert run(WEBDATASET) == [list(row) for row in zip(*columns, strict=True)]


@pytest.mark.slow
def test_croissant_is_valid_and_its_records_can_be_read(make):
    forms = sorted(discover(FORMATS))
    for form in forms:
        make(form, form)
    records = {"folder": "records", "wilds": "records", "parquet": "test-records"}
    found, scenario = run(CROISSANT, {form: records.get(form) for form in forms}), load_scenario("small.toml")
    for form, read in found.items():
        assert (read["errors"], read["warnings"]) == ([], []), form
        assert all(read["responsible"]), form
        assert len(read["classes"]) == scenario.num_classes
        if form == "parquet":
            assert read["labels"] == (np.arange(scenario.num_test) % 2).tolist()
        elif form in records:
            assert len(read["labels"]) == 40 + 10 + 32 + 4 * 8 + 6 * 8
        assert Path(form, "LICENSE").read_text().split() == (ROOT / "LICENSE").read_text().split()


TABLE = Path("set", "metadata.csv")


class GroupDRO:
    """`CUBDataset` of group_DRO, with any number of places."""

    def __init__(self, folder, num_places):
        table = pd.read_csv(folder / "metadata.csv")
        self.y_array = table["y"].values
        self.group_array = (self.y_array * num_places + table["place"].values).astype("int")
        self.filename_array = table["img_filename"].values
        self.split_array = table["split"].values
        self.folder = folder

    def get_split(self, split):
        for k in np.where(self.split_array == {"train": 0, "val": 1, "test": 2}[split])[0]:
            image = Image.open(self.folder / self.filename_array[k]).convert("RGB")
            yield np.asarray(image), self.y_array[k], self.group_array[k]


class SubpopBench:
    """`SubpopDataset` of SubpopBench."""

    def __init__(self, root, split, metadata):
        table = pd.read_csv(metadata)
        table = table[table["split"] == {"tr": 0, "va": 1, "te": 2}[split]]
        self.x = table["filename"].astype(str).map(lambda x: root / x).tolist()
        self.y, self.a = table["y"].tolist(), table["a"].tolist()
        places = len(set(self.a))
        self.group_sizes = [0] * places * len(set(self.y))
        for y, a in zip(self.y, self.a, strict=True):
            self.group_sizes[places * y + a] += 1


@pytest.fixture
def exported(small):
    """Return a function that writes the small scenario with flags, and returns it."""
    assert TABLE.resolve().is_relative_to(small)

    def write(*flags):
        command = ["generate", "small.toml", "--out", "set", "--format", "wilds", "--twins", *flags]
        assert main(command) == 0
        return load_scenario("small.toml")

    return write


def test_group_dro_and_subpopbench_read_images_classes_and_places_of_every_split(exported):
    scenario = exported()
    for split, short in (("train", "tr"), ("val", "va"), ("test", "te")):
        made = sample(scenario, split, range(scenario.split_size(split)))
        images, labels, groups = zip(*GroupDRO(Path("set"), 3).get_split(split), strict=True)
        assert (np.stack(images) == made.images).all()
        assert list(labels) == made.labels.tolist()
        assert list(groups) == (made.labels * 3 + made.channel_values["color"]).tolist()
        read = SubpopBench(Path("set"), short, TABLE)
        assert all(path.is_file() for path in read.x)
        assert (read.y, read.a) == (made.labels.tolist(), made.channel_values["color"].tolist())
        assert sum(read.group_sizes) == len(made.labels)
    table = pd.read_csv(TABLE)
    assert table["img_id"].tolist() == [*range(1, len(table) + 1)]
    assert set(table["part"][table["split"] == 3].str.partition("/")[0]) == {"twins"}  # in none of the splits


def test_another_channel_can_be_the_place(exported, stderr):
    exported("--place", "shape")
    table = pd.read_csv(TABLE)
    assert (table["place"] == table["shape"]).all()
    assert main(["generate", "small.toml", "--out", "two", "--format", "wilds", "--place", "shap"]) == 2
    assert "shape" in stderr()
    assert main(["generate", "small.toml", "--out", "two", "--place", "shape"]) == 2
    assert "--place shape: only --format wilds has a place; leave it out" in stderr()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning")  # of what WILDS reads
def test_wilds_reads_images_classes_and_places(small):
    from wilds import version  # slow to import
    from wilds.datasets.waterbirds_dataset import WaterbirdsDataset

    assert version.check_outdated is None  # it would ask the network
    text = Path("small.toml").read_text()
    Path("small.toml").write_text(text.replace("color = { values = 3 }", "color = { values = 2 }"))
    assert main(["generate", "small.toml", "--format", "wilds", "--out", str(small / "waterbirds_v1.0")]) == 0
    read = WaterbirdsDataset(root_dir=".", download=False).get_subset("test")
    scenario = load_scenario("small.toml")
    made = sample(scenario, "test", range(scenario.num_test))
    images, labels, metadata = zip(*read, strict=True)
    assert (np.stack(images) == made.images).all()
    assert [int(y) for y in labels] == made.labels.tolist()
    assert [int(row[0]) for row in metadata] == made.channel_values["color"].tolist()


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
