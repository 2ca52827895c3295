"""What holds for every format of data sets."""

import csv
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spurgen.benchmark.errors import ScenarioError, SpurgenError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.world import load_scenario
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import sample, shown_classes, twins
from spurgen.generators.world import NOTHING, world_of
from spurgen.harness.cli import main
from spurgen.harness.exports.plan import FORMATS, Plan, columns_of, columns_of_text
from spurgen.harness.exports.writing import export
from spurgen.harness.running.data import fitted
from spurgen.harness.running.plan import plan_unfrozen

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
    stated, module = make(form).content_sha256, plan(form).form
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
    make("folder", shard_size=7)  # fewer than there are bases, so shards begin among them
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
    ("form", "name"), [(form, name) for form in EVERY for name in getattr(discover(FORMATS)[form], "OWN_COLUMNS", ())]
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


SPLITS = ("train", "val", "test")


@pytest.fixture
def task(ladder_suite):
    return ladder_suite.task("few-image-4").in_world(0)


@pytest.fixture
def ladder(task):
    return task.scenario.on_rung(4)


@pytest.fixture
def lines(tmp_path):
    """Return a function that reads a table of a data set, by part."""

    def read(table):
        with open(tmp_path / table, newline="") as file:
            found = {}
            for row in csv.DictReader(file):
                found.setdefault(row["split"], []).append(row)
            return found

    return read


def test_every_format_has_the_same_content(ladder, tmp_path):
    parts = ladder.chosen_parts(SPLITS, twins=True)
    plans = [Plan(ladder, parts, form, 50, "hue" if form == "wilds" else "") for form in discover(FORMATS)]
    assert len({export(plan, tmp_path / plan.format).content_sha256 for plan in plans}) == 1


@pytest.mark.parametrize("hidden", [(), ("wall",)])
def test_train_and_val_are_what_a_submission_is_given_on_the_rung(task, hidden, write_submission):
    task = replace(task, scenario=task.scenario.model_copy(update={"hidden": hidden}))
    ladder = task.scenario.on_rung(4)
    job = plan_unfrozen(task, write_submission("def predict(b): ..."), 0, "cpu", {})
    for split in ("train", "val"):
        size, world = ladder.parts[split], world_of(ladder)
        given, written = fitted(job, split), world.rows(split, 4, range(size))
        np.testing.assert_array_equal(written.images, given.images)
        np.testing.assert_array_equal(written.group_ids, given.group_ids)
        np.testing.assert_array_equal(written.channel_values["hue"], given.channel_values["hue"])
        pieces = [world.rows(split, 4, range(start, start + 1)).captions for start in range(size)]
        assert [caption for piece in pieces for caption in piece] == written.captions


def test_the_command_writes_a_task_of_a_suite_and_its_scenario_makes_the_same_again(ladder_file, tmp_path, lines):
    first = tmp_path / "set"
    assert main(["generate", "few-image-4", "--suite", ladder_file, "--world", "1", "--out", str(first)]) == 0
    made = lines("set/metadata.csv")
    states = [f"{split}/{state}" for split in ("test", "seen") for state in ("agree", "mislead", "neutral")]
    assert list(made) == ["train", "val", *states]
    aligned = [(row["hue_aligned"], row["wall_aligned"], int(row["group_id"]) % 2) for row in made["train"]]
    assert aligned == [("True", "True", 0)] * 60 + [("False", "False", 1)] * 4
    assert [row["class_name"] for row in made["test/agree"][:3]] == ["animal", "vehicle", "food"]
    assert "`train`: the last 4 samples are counterexamples" in (first / "README.md").read_text()
    assert "  - split: test_mislead\n" in (first / "README.md").read_text()
    assert "Apache" in (first / "LICENSE").read_text()
    again = tmp_path / "again"
    assert main(["generate", str(first / "scenario.toml"), "--out", str(again)]) == 0
    assert (again / "dataset.json").read_bytes() == (first / "dataset.json").read_bytes()


def test_a_ladder_of_captions_is_written_as_tables_alone(steps, tmp_path, lines, stderr):
    from datasets import load_dataset  # slow to import

    asked = ["generate", "few-6", "--suite", steps]
    assert main([*asked, "--out", str(tmp_path / "no")]) == 2
    assert "few-w0 has captions and no images; write --format captions" in stderr()
    assert main([*asked, "--out", str(tmp_path / "set"), "--format", "captions", "--twins"]) == 0
    train, twins = lines("set/train.csv")["train"], lines("set/test-hue.csv")["test/hue"]
    rung = load_suite(steps).task("few-6").in_world(0).scenario
    assert train[0]["caption"] == world_of(rung).draw("train", [0], ("caption",)).captions[0]
    assert [row["hue"] for row in twins] == [str(k // 12) for k in range(12 * 5)]
    assert [row["index"] for row in twins] == [str(k % 12) for k in range(12 * 5)]
    splits = load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert len(splits["train"]) == 90


def test_a_file_of_ones_own_may_have_any_number_of_counterexamples(ladder_file, tmp_path, stderr):
    file = str(Path(ladder_file).parent / "steps" / "few.toml")
    asked = ["generate", file, "--splits", "train", "--format", "captions", "--out"]
    assert main([*asked, str(tmp_path / "highest")]) == 0
    assert main([*asked, str(tmp_path / "five"), "--counterexamples", "5"]) == 0
    highest, five = (load_scenario(tmp_path / name / "scenario.toml") for name in ("highest", "five"))
    assert (highest.rungs, five.rungs) == ((16,), (5,))
    stderr()
    assert main([*asked, str(tmp_path / "two"), "--counterexamples", "2"]) == 2
    assert "few-w0 cannot have 2 counterexamples; choose 0, or from 3 to 32" in stderr()
    assert main(["generate", "few-image-4", "--suite", ladder_file, "--counterexamples", "5", "--out", "x"]) == 2
    assert "--counterexamples 5 is for a ladder's file" in stderr()


def test_label_noise_leaves_the_class_shown_beside_the_label(ladder, tmp_path, lines):
    noisy = ladder.model_copy(update={"label_noise": 0.4})
    export(Plan(noisy, ("train",), "captions"), tmp_path / "set")
    clean = world_of(ladder).draw("train", range(60), NOTHING).labels
    rows = lines("set/train.csv")["train"]
    assert [int(row["true_label"]) for row in rows[:60]] == clean.tolist()
    assert 0.1 < np.mean([row["label"] != row["true_label"] for row in rows]) < 0.7
