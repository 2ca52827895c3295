import csv
import hashlib
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from spurgen.benchmark.world import load_scenario
from spurgen.generators import class_names
from spurgen.harness.exports.plan import Plan
from spurgen.harness.exports.writing import export

SPLITS = ("train", "val", "test")


@pytest.fixture
def make(small, monkeypatch):
    """Return a function that writes the small scenario with its twins, and returns its index."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795737600")

    def write(form, out="set", shard_size=30, jobs=1, progress=lambda _: None):
        return export(plan_of(form, shard_size), small / out, progress, jobs)

    return write


def plan_of(form, shard_size=30):
    scenario = load_scenario("small.toml")
    place = next(iter(scenario.channels)) if form == "wilds" else ""
    return Plan(scenario, scenario.chosen_parts(SPLITS, twins=True), form, shard_size, place)


@pytest.fixture(scope="session")
def plan():
    return plan_of


def from_tables(folder, file, part):
    with open(folder / "metadata.csv", newline="") as table:
        for row in csv.DictReader(table):
            yield row[part], (folder / row[file]).read_bytes(), row


def from_parquet(folder):
    for path in sorted(folder.glob("*/*.parquet")):
        for row in pq.read_table(path).to_pylist():
            yield row["split"], row["image"]["bytes"], row


def from_tars(folder):
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                if member.name.endswith(".png"):
                    image = tar.extractfile(member).read()
                elif member.name.endswith(".json"):
                    row = json.load(tar.extractfile(member))
                    yield row["split"], image, row


READERS = {
    "folder": lambda folder: from_tables(folder, "file_name", "split"),
    "classes": lambda folder: from_tables(folder, "file_name", "split"),
    "wilds": lambda folder: from_tables(folder, "img_filename", "part"),
    "parquet": from_parquet,
    "webdataset": from_tars,
}


@pytest.fixture(scope="session")
def content_of():
    """Return a function that decodes a data set and computes the digest of its content as the docs describe it."""

    def digest(folder, form):
        scenario = load_scenario(Path(folder) / "scenario.toml")
        columns = ["label", "true_label", "env_id", "group_id", *scenario.channels]
        parts = {}
        for part, image, row in READERS[form](Path(folder)):
            whole = hashlib.sha256(np.asarray(Image.open(io.BytesIO(image)).convert("RGB")).tobytes())
            whole.update(np.array([int(row[name]) for name in columns], "<i8").tobytes())
            whole.update(row["caption"].encode())
            parts.setdefault(part, []).append(whole.digest())
        described = {
            "classes": class_names(scenario),
            "channels": list(scenario.channels),
            "parts": {part: [len(d), hashlib.sha256(b"".join(d)).hexdigest()] for part, d in sorted(parts.items())},
        }
        return hashlib.sha256(json.dumps(described, separators=(",", ":")).encode()).hexdigest()

    return digest
