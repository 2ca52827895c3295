"""Readers of the layout of Waterbirds: that of WILDS, and rewritten those of group_DRO and SubpopBench, no packages."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from spurgen.benchmark.scenario import load_scenario
from spurgen.generators import sample
from spurgen.harness.cli import main

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
