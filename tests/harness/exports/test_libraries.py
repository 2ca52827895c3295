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
from spurgen.harness.exports.plan import FORMATS

pytestmark = pytest.mark.slow
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


def test_webdataset_reads_all_samples(make):
    make("webdataset", shard_size=17)
    scenario = load_scenario("small.toml")
    made = sample(scenario, "test", range(scenario.num_test))
    columns = made.images.tolist(), made.labels.tolist(), made.captions, range(scenario.num_test)
    assert run(WEBDATASET) == [list(row) for row in zip(*columns, strict=True)]


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
