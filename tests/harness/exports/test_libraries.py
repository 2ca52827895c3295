"""The libraries for which the formats are made read them, each in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import load_scenario
from spurgen.generators import class_names, sample, twins
from spurgen.harness.exports.writing import FORMATS

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
HUGGING_FACE = """
import json, sys
import numpy as np
from datasets import load_dataset

loaded = load_dataset(*json.loads(sys.argv[1]), **json.loads(sys.argv[2]), cache_dir="cache")
label = "cls" if "cls" in loaded["test"].features else "label"
features = loaded["test"].features
print(json.dumps({
    "labels": {name: split[label][:] for name, split in loaded.items()},
    "captions": {name: split["txt" if label == "cls" else "caption"][:] for name, split in loaded.items()},
    "pixels": np.asarray(loaded["test"][3]["png" if label == "cls" else "image"]).tolist(),
    "names": {name: feature.names for name, feature in features.items() if hasattr(feature, "names")},
}))
"""
TWINS = """
import json
import numpy as np
from datasets import load_dataset

loaded = load_dataset("./set", "twins", cache_dir="cache")
print(json.dumps({name: np.asarray(split[3]["image"]).tolist() for name, split in loaded.items()}))
"""
TABLE = """
import json
from datasets import load_dataset

loaded = load_dataset("./set", cache_dir="cache")
print(json.dumps({"splits": list(loaded), "y": loaded["table"]["y"][:], "split": loaded["table"]["split"][:]}))
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

dataset = mlc.Dataset("set/croissant.json")
issues = dataset.metadata.ctx.issues
records = json.loads(sys.argv[1])
print(json.dumps({
    "errors": sorted(issues.errors), "warnings": sorted(issues.warnings),
    "responsible": [dataset.metadata.data_biases, dataset.metadata.personal_sensitive_information],
    "labels": [record[f"{records}/label"] for record in dataset.records(records)] if records else [],
    "classes": [str(record["classes/name"]) for record in dataset.records("classes")],
}))
"""


def run(code, *arguments):
    offline = os.environ | {"HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": "home"}
    command = [sys.executable, "-c", code, *map(json.dumps, arguments)]
    done = subprocess.run(command, env=offline, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("form", "arguments", "options"),
    [
        ("folder", ["imagefolder"], {"data_dir": "set"}),
        ("folder", ["./set"], {}),
        ("parquet", ["./set"], {}),
        ("parquet", ["parquet"], {"data_files": {s: f"set/data/{s}-*" for s in ("train", "val", "test")}}),
        ("webdataset", ["./set"], {}),
    ],
)
def test_hugging_face_reads_labels_captions_and_pixels(make, form, arguments, options):
    """`imagefolder` takes the splits' names for labels where a split's folder has no table of its own."""
    make(form)
    loaded = run(HUGGING_FACE, arguments, options)
    scenario = load_scenario("small.toml")
    names = {"val": "val" if "data_files" in options else "validation"}
    for split in ("train", "val", "test"):
        made = sample(scenario, split, range(scenario.split_size(split)))
        assert loaded["labels"][names.get(split, split)] == made.labels.tolist()
        assert loaded["captions"][names.get(split, split)] == made.captions
    assert loaded["pixels"] == made.images[3].tolist()
    if form == "parquet":
        assert loaded["names"]["label"] == list(class_names(scenario))
        assert loaded["names"]["color"] == ["red", "blue", "green"]


def test_hugging_face_reads_the_table_of_the_layout_of_waterbirds_instead_of_its_folders(make):
    make("wilds")
    read = run(TABLE)
    scenario = load_scenario("small.toml")
    labels = sample(scenario, "test", range(scenario.num_test), images=False, captions=False).labels.tolist()
    assert read["splits"] == ["table"]
    assert [y for y, split in zip(read["y"], read["split"], strict=True) if split == 2] == labels


def test_hugging_face_reads_twins_as_a_configuration(make):
    make("parquet")
    loaded, scenario = run(TWINS), load_scenario("small.toml")
    assert loaded["core"] == twins(scenario, "test", [3], "core").images[0].tolist()
    assert loaded["channel_shape"] == twins(scenario, "test", [3], "channel", "shape", 0).images[0].tolist()


def test_webdataset_reads_all_samples(make):
    make("webdataset", shard_size=17)
    scenario = load_scenario("small.toml")
    made = sample(scenario, "test", range(scenario.num_test))
    columns = made.images.tolist(), made.labels.tolist(), made.captions, range(scenario.num_test)
    assert run(WEBDATASET) == [list(row) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize("form", sorted(discover(FORMATS)))
def test_croissant_is_valid_and_its_records_can_be_read(make, form):
    make(form)
    records = {"folder": "records", "wilds": "records", "parquet": "test-records"}.get(form)
    read, scenario = run(CROISSANT, records), load_scenario("small.toml")
    assert (read["errors"], read["warnings"]) == ([], [])
    assert all(read["responsible"])
    assert len(read["classes"]) == scenario.num_classes
    if records == "test-records":
        assert read["labels"] == (np.arange(scenario.num_test) % 2).tolist()
    elif records:
        assert len(read["labels"]) == 40 + 10 + 32 + 4 * 8 + 6 * 8
    assert Path("set", "LICENSE").read_text().split() == (ROOT / "LICENSE").read_text().split()
