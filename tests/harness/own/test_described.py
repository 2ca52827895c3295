"""Published data sets as ladders, on small tables of the layouts in which they are published."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from spurgen.benchmark.errors import ScenarioError, SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.generators.world import world_of
from spurgen.harness.own import described
from spurgen.harness.own.described import absent, descriptions, pool_of, set_ceiling, with_described

OF_GROUP = {False: 640, True: 260}  # samples where the shortcut agrees, and where it misleads
GROUPS = [(label, label ^ wrong) for wrong, size in OF_GROUP.items() for label in (0, 1) for _ in range(size)]
Y, PLACE = np.array(GROUPS).T
N = len(Y)
TABLES = {
    "waterbirds": lambda: {
        "img_id": np.arange(N), "img_filename": [f"bird{k}.png" for k in range(N)], "y": Y, "split": np.arange(N) % 3,
        "place": PLACE,
    },
    "celeba": lambda: {
        "image_id": [f"{k:06d}.png" for k in range(N)], "Bald": np.full(N, -1), "Blond_Hair": 2 * Y - 1,
        "Male": 1 - 2 * PLACE,
    },
    "civilcomments": lambda: {
        "id": np.arange(N), "comment_text": [f"comment {k}" for k in range(N)],
        "split": np.array(["train", "val", "test"])[np.arange(N) % 3], "toxicity": np.where(Y, 0.7, 0.2),
        "identity_any": np.where(PLACE, 0.9, 0.0), "male": np.zeros(N),
    },
    "multinli": lambda: {
        "": np.arange(N), "gold_label": Y, "sentence2_has_negation": 1 - PLACE, "split": np.arange(N) % 3,
        "sentence1": [f"He left {k}." for k in range(N)], "sentence2": "He went.",
    },
}  # fmt: skip
KNOWN = descriptions(load_suite("v4"))


@pytest.fixture
def put(tmp_path):
    """Return a function that writes a data set's table where its description has it, and its images."""

    def write(name, **columns):
        path = tmp_path / KNOWN[name].table
        path.parent.mkdir(exist_ok=True)
        table = pd.DataFrame(TABLES[name]() | columns)
        table.to_csv(path, index=False)
        if KNOWN[name].images:
            folder = tmp_path / KNOWN[name].images
            folder.mkdir(exist_ok=True)
            for k, file in enumerate(table[table.columns[table.columns.isin(["img_filename", "image_id"])][0]]):
                Image.new("RGB", (4, 3), (k % 256, k // 256, int(Y[k]))).save(folder / file)
        return tmp_path

    return write


def test_every_published_data_set_has_a_table_of_its_layout_here():
    assert KNOWN.keys() == TABLES.keys()


@pytest.mark.parametrize("name", TABLES)
def test_a_data_set_becomes_a_ladder_whose_samples_have_the_label_and_shortcut_of_its_table(put, name, monkeypatch):
    monkeypatch.setattr(described, "SIDE", 8)
    file = with_described(load_suite("v4"), put(name))
    suite = load_suite(str(file))
    rungs = suite.ladders[name]
    assert suite.halves["real"] == (*load_suite("v4").halves["real"], name)
    assert [rung.counterexamples for rung in rungs] == [0, 2, 8, 32, 128]
    assert rungs[0].scenario.sizes["test/mislead"] > 100
    world = world_of(rungs[0].in_world(3).scenario)
    shows = "image" if KNOWN[name].images else "caption"
    for part, wrong in (("train", False), ("train/counter", True), ("test/mislead", True)):
        samples = world.draw(part, range(30), [shows])
        values = samples.channel_values[rungs[0].scenario.shortcut]
        if shows == "image":
            assert (samples.images[:, 0, 0, 2] == samples.labels).all()
            k = samples.images[:, 0, 0, 0] + 256 * samples.images[:, 0, 0, 1].astype(int)
        else:
            k = np.array([int("".join(filter(str.isdigit, caption))) for caption in samples.captions])
        assert (Y[k] == samples.labels).all()
        assert ((PLACE[k] != Y[k]) == wrong).all()
        assert ((values != samples.labels) == wrong).all()


def test_a_data_set_is_read_once_and_keeps_its_ceiling(put):
    file = with_described(load_suite("v4"), put("civilcomments"))
    ladder = file.with_suffix("") / "civilcomments.toml"
    set_ceiling(ladder, 0.81249)
    before = ladder.with_suffix(".npz").stat().st_mtime_ns
    assert with_described(load_suite("v4"), put("civilcomments", toxicity=0.0)) == file
    assert load_suite(str(file)).ladders["civilcomments"][0].scenario.ceiling == 0.812
    assert ladder.with_suffix(".npz").stat().st_mtime_ns == before


def test_what_is_absent_is_said_with_what_to_put_where(put):
    data = put("multinli")
    said = list(absent(KNOWN, data))
    assert len(said) == 3
    assert said[1].startswith(f"civilcomments is skipped: there is no {data}/civilcomments_v1.0/all_data_with")
    assert said[1].endswith("unpack civilcomments_v1.0 of WILDS there")


@pytest.mark.parametrize(
    ("name", "columns", "problem"),
    [
        ("multinli", {"gold_label": 2}, "column gold_label: no sample is contradiction"),
        ("civilcomments", {"toxicity": 0.1}, "column toxicity: no sample is toxic"),
        ("waterbirds", {"img_filename": "gone/bird.png"}, "images are not in"),
    ],
)
def test_a_table_that_lacks_what_a_ladder_needs_is_refused(put, name, columns, problem):
    data = put(name)
    table = pd.read_csv(data / KNOWN[name].table).assign(**columns)
    table.to_csv(data / KNOWN[name].table, index=False)
    with pytest.raises(SpurgenError, match=problem):
        pool_of(KNOWN[name], data)


def test_sentences_that_are_missing_are_named(put):
    data = put("multinli")
    path = data / KNOWN["multinli"].table
    pd.read_csv(path).drop(columns="sentence1").to_csv(path, index=False)
    with pytest.raises(SpurgenError, match="no column sentence1"):
        with_described(load_suite("v4"), data)
    assert not (data / "spurgen" / "v4.toml").exists()


def test_a_group_with_too_few_samples_is_named(put):
    data = put("multinli", gold_label=np.where((Y == 1) & (PLACE == 0) & (np.arange(N) % 4 > 0), 2, Y))
    with pytest.raises(SpurgenError, match=r"multinli: of entailment with negation a draw has .* choose smaller sizes"):
        with_described(load_suite("v4"), data)


def test_an_impossible_description_is_refused_with_its_file(tmp_path):
    suite = load_suite("v4")
    (tmp_path / "v4" / "described").mkdir(parents=True)
    (tmp_path / "v4" / "described" / "bad.toml").write_text("table = 3\n")
    with pytest.raises(ScenarioError, match=r"bad\.toml is no description: "):
        descriptions(type(suite)(suite.name, suite.tasks, tmp_path))
