"""What holds for every format of data sets."""

import csv
import json
import tarfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spurgen.benchmark.errors import ScenarioError, SpurgenError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.world import load_scenario
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import sample, shown_classes, twins
from spurgen.harness.exports.columns import columns_of, columns_of_text
from spurgen.harness.exports.plan import FORMATS, Plan
from spurgen.harness.exports.writing import export

EVERY = sorted(discover(FORMATS))
DOCUMENTS = {"LICENSE", "README.md", "croissant.json", "scenario.toml", "dataset.json"}


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def columns_written(form):
    if form == "parquet":
        return pq.read_schema(next(Path("set", "data").iterdir())).names
    if form == "webdataset":
        with tarfile.open(next(Path("set").glob("train-*"))) as tar:
            name = next(name for name in tar.getnames() if name.endswith(".json"))
            return list(json.load(tar.extractfile(name)))
    table = "train.csv" if form == "captions" else "metadata.csv"
    return Path("set", table).read_text().partition("\n")[0].split(",")


@pytest.mark.parametrize("form", EVERY)
def test_a_data_set_has_its_files_its_documents_and_the_columns_and_digest_that_they_state(
    make, plan, content_of, form
):
    stated, module = make(form).content_sha256, discover(FORMATS)[form]
    if form != "captions":  # which leaves images out
        assert content_of("set", form) == stated
    card = Path("set", "README.md").read_text()
    assert stated in card
    assert stated in Path("set", "croissant.json").read_text()
    own = {file for shard in plan(form).shards() for file in module.files(plan(form), shard)}
    assert tree("set").keys() == own | DOCUMENTS | module.tables(plan(form)).keys()
    names = columns_written(form)
    assert len(set(names)) == len(names)
    common = {column.name for column in columns_of_text(load_scenario("small.toml"))}
    assert set(names) - common <= set(module.OWN_COLUMNS)
    listed = [line.split("`")[1] for line in card.splitlines() if line.startswith("| `")]
    assert listed == [name for name in names if form != "parquet" or name != "image"]


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_neither_format_nor_size_of_shards_changes_the_digest(make, data):
    form = data.draw(st.sampled_from(EVERY))
    size = data.draw(st.integers(7, 100))
    assert make(form, f"{form}-{size}", size).content_sha256 == make("folder", "reference").content_sha256


def rows(part):
    with open("set/metadata.csv", newline="") as table:
        return [row for row in csv.DictReader(table) if row["split"] == part]


NOISY = "label_noise = 0.4\nnoise_kind = '{kind}'\n"


@pytest.mark.parametrize("kind", ["core", "label"])
def test_the_class_that_is_shown_stands_beside_a_noisy_label(make, kind):
    Path("small.toml").write_text(NOISY.format(kind=kind) + Path("small.toml").read_text())
    make("folder")
    scenario = load_scenario("small.toml")
    train = rows("train")
    shown = shown_classes(scenario, "train", range(len(train)))
    assert [int(row["true_label"]) for row in train] == shown.tolist()
    assert 0.2 < np.mean([row["label"] != row["true_label"] for row in train]) < 0.6
    clean = scenario.model_copy(update={"label_noise": 0.0})
    own = sample(clean, "train", range(len(train)), images=False, captions=False).labels
    assert [int(row["label" if kind == "core" else "true_label"]) for row in train] == own.tolist()


def test_alignment_flags_follow_the_group_and_a_twin_has_the_index_of_its_base(make):
    make("folder")
    scenario = load_scenario("small.toml")
    for row in rows("train"):
        pattern = int(row["group_id"]) % scenario.num_patterns
        for k, name in enumerate(scenario.channels):
            assert row[f"{name}_aligned"] == str((pattern >> k) & 1 == 0)
    assert {row["color_aligned"] for row in rows("train")} == {"True", "False"}
    channel = next(iter(scenario.channels))
    bases = scenario.splits.twins
    made = rows(f"twins/channel/{channel}")
    assert [int(row["index"]) for row in made] == [*range(bases)] * scenario.channels[channel].values
    assert [int(row[channel]) for row in made] == [k // bases for k in range(len(made))]
    last = twins(scenario, "test", [bases - 1], "channel", channel, int(made[-1][channel]))
    assert made[-1]["caption"] == last.captions[0]


def with_channels(*names):
    channels = {name: {"kind": kind} for name, kind in zip(names, ("color", "shape"), strict=False)}
    sizes = {"train": 20, "val": 4, "test_per_group": 1, "twins": 2}
    return make_scenario("test", suite="x", name="x", seed=0, channels=channels, splits=sizes)


@pytest.mark.parametrize(
    ("names", "channel", "column"),
    [
        (["label"], "label", "label"),
        (["class_name"], "class_name", "class_name"),
        (["hue", "hue_aligned"], "hue_aligned", "hue_aligned"),
        (["hue_name", "hue"], "hue", "hue_name"),
    ],
)
def test_a_channel_that_is_called_as_a_column_is_an_error(names, channel, column):
    message = rf"channels\.{channel}: the data set has another column {column}; rename the channel"
    with pytest.raises(ScenarioError, match=message):
        columns_of(with_channels(*names))


@pytest.mark.parametrize(
    ("form", "name"), [(form, name) for form in EVERY for name in discover(FORMATS)[form].OWN_COLUMNS]
)
def test_a_channel_that_is_called_as_a_column_of_the_format_is_an_error_before_any_work(tmp_path, form, name):
    channel = name.replace("*", "x")
    plan = Plan(with_channels(channel), ("train",), form, place=channel if form == "wilds" else "")
    with pytest.raises(ScenarioError, match=rf"channels\.{channel}: the data set has another column"):
        export(plan, tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


def test_no_channel_may_give_imagefolder_a_second_column_of_paths(tmp_path):
    with pytest.raises(ScenarioError, match=r"channels\.my_file: the data set has another column my_file_name"):
        export(Plan(with_channels("my_file"), ("train",), "folder"), tmp_path / "set")


def test_twins_of_channels_that_differ_in_a_sign_alone_are_both_listed(make):
    file = Path("small.toml")
    text = (
        file.read_text().replace("color = {", "c-1 = { kind = 'color',").replace("shape = {", "c_1 = { kind = 'shape',")
    )
    file.write_text(text.replace("color = 0.9", "c-1 = 0.9"))
    make("folder")
    card = Path("set", "README.md").read_text()
    assert "  - split: channel_c_1\n" in card
    assert "  - split: channel_c_1_\n" in card


def test_the_card_explains_the_twins_that_there_are_and_no_others(make):
    make("folder")
    card = Path("set", "README.md").read_text()
    assert "A twin is its base sample in test with one change: the value of one channel" in card
    assert "all nuisances or one (`twins/placebo` and `twins/placebo/NUISANCE`)" in card
    assert "one part of the core cue" not in card


def test_parquet_without_pyarrow_says_what_to_install(make, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(
        SpurgenError, match=r"--format parquet needs pyarrow, not installed here; run pip install -e '.*\[data\]'"
    ):
        make("parquet")
    assert not list(Path().glob("*set*"))  # found before anything is written


@pytest.mark.usefixtures("small")
def test_shards_cover_every_part_once(plan):
    for size in (1, 7, 1000):
        covered = [(s.part, k) for s in plan("folder", size).shards() for k in range(s.start, s.stop)]
        assert covered == [(part, k) for part, count in plan("folder").sizes.items() for k in range(count)]


def test_twins_are_written_where_they_are_asked_for(small):
    scenario = load_scenario(small / "small.toml")
    assert scenario.chosen_parts(["val"], twins=False) == ("val",)
    named = Plan(scenario, scenario.chosen_parts(["val", "test"], twins=True), "folder").sizes
    assert {"val", "test", "twins/core", "twins/ctrl", "twins/unc", "twins/placebo"} < set(named)
