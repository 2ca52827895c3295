import numpy as np
import pandas as pd
import pytest

from spurgen.benchmark.errors import SpurgenError


def test_a_counterexample_has_another_value_than_goes_with_its_class_in_train(scenes, read):
    data = read(scenes)
    assert (data.classes, data.value_names) == (("animal", "tool"), ("meadow", "shed"))
    assert data.aligned.tolist() == [0, 1]
    np.testing.assert_array_equal(data.conflicts, (scenes.kind == "animal") != (scenes.place == "meadow"))
    assert data.have == int((data.conflicts & data.inside("train")).sum()) == 24
    assert [int(data.inside(split).sum()) for split in ("train", "val", "test")] == [160, 80, 80]
    assert data.inputs[3] == "sample 3"
    assert not [*data.limits()]


def test_columns_of_text_are_joined(scenes, read):
    assert read(scenes.assign(more="and more"), text=("words", "more")).inputs[3] == "sample 3 and more"


def test_names_of_splits_vary_and_val_may_come_from_train(scenes, read):
    named = read(scenes.assign(split=scenes.split.map({0: "train", 1: "validation", 2: "test"})))
    assert int(named.inside("val").sum()) == 80
    data = read(scenes[scenes.split != 1])
    assert [int(data.inside(split).sum()) for split in ("train", "val", "test")] == [128, 32, 80]
    assert data.have == 20  # a fifth of each group goes to val


def test_splits_are_drawn_within_groups_where_there_are_none(scenes, read):
    data = read(scenes.drop(columns="split"))
    sizes = [int(data.inside(split).sum()) for split in ("train", "val", "test")]
    assert sizes == pytest.approx([192, 48, 80], abs=2)
    shares = [data.conflicts[data.inside(split)].mean() for split in ("train", "val", "test")]
    assert shares == pytest.approx([84 / 320] * 3, abs=0.02)


def test_of_many_samples_some_are_kept_and_all_counterexamples_are_counted(scenes, read):
    data = read(scenes, most=100)
    assert (len(data.inputs), data.rows, data.have) == (100, 320, 24)


def test_the_layouts_of_published_data_are_recognised(tmp_path, scenes, read):
    birds = pd.DataFrame(
        {"img_filename": [f"{k}.jpg" for k in range(320)], "y": (scenes.kind == "tool") * 1,
         "place": (scenes.place == "shed") * 1, "split": scenes.split}
    )  # fmt: skip
    for name in birds.img_filename:
        (tmp_path / name).touch()
    data = read(birds, label=None, shortcut=None, text=())
    assert (data.label, data.shortcut, data.classes) == ("y", "place", ("landbird", "waterbird"))
    assert (data.inputs[0], data.folder) == ("0.jpg", tmp_path)
    pairs = pd.DataFrame(
        {"sentence1": "a", "sentence2": "b", "gold_label": np.arange(320) % 3, "split": scenes.split,
         "sentence2_has_negation": (np.arange(320) % 3 == 0) ^ (np.arange(320) % 7 == 0)}
    ).astype({"sentence2_has_negation": int})  # fmt: skip
    data = read(pairs, label=None, shortcut=None, text=("sentence1", "sentence2"))
    assert data.classes == ("contradiction", "entailment", "neutral")
    assert [data.value_names[k] for k in data.aligned] == ["negation", "no negation", "no negation"]


def changed(table, column, row, value):
    return table.assign(**{column: [value if k == row else entry for k, entry in enumerate(table[column])]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.assign(kind="tool"), "column kind: every entry is tool; two or more are needed"),
        (lambda t: t.assign(place="shed"), "column place: every entry is shed"),
        (lambda t: t.assign(kind=np.linspace(0, 1, len(t))), "column kind: .* is a fraction and names no class"),
        (lambda t: t.assign(kind=range(len(t))), "column kind has 320 different entries, at most 50"),
        (lambda t: changed(t, "words", 7, None), "line 9, column words: '' is empty"),
        (lambda t: changed(t, "place", 7, "nan"), "line 9, column place: 'nan' stands for a missing value"),
        (lambda t: t.assign(split=0).assign(split=[0, 1] * 160), "no sample is of the split test; it has"),
        (lambda t: t.assign(kind=t.kind.where(t.split > 0, "tool")), "the train split has no sample of animal"),
        (lambda t: t.assign(place=t.place.where(t.split > 0, "shed")), "place is shed in all of train, so no model"),
        (lambda t: t.drop(columns="words"), "has no column words"),
        (lambda t: t.drop(columns="place"), "has no column place"),
    ],
)
def test_what_cannot_be_trained_on_is_an_error(scenes, read, change, message):
    with pytest.raises(SpurgenError, match=message):
        read(change(scenes))


def test_files_that_do_not_exist_are_counted(scenes, read, tmp_path):
    (tmp_path / "0.png").touch()
    table = scenes.assign(file_name=[f"{k}.png" for k in range(320)])
    with pytest.raises(SpurgenError, match=r"column file_name: 319 of 320 files are not in .* such as 1\.png"):
        read(table, text=())
    with pytest.raises(SpurgenError, match=r"\.\./0\.png leads out of"):
        read(table.assign(file_name="../0.png"), text=())
    with pytest.raises(SpurgenError, match="no column of file names: name it by --key, or a column of texts by --text"):
        read(scenes, text=())


def test_messages_name_the_flags_of_the_command(scenes, read):
    with pytest.raises(SpurgenError, match="by --shortcut"):
        read(scenes, shortcut=None)


def test_what_the_data_cannot_tell_is_said(scenes, read):
    nearly = scenes.assign(place=scenes.kind.map({"animal": "meadow", "tool": "shed"}))
    said = [*read(changed(nearly, "place", 0, "shed")).limits()]
    assert said[0] == "place conflicts with animal in 0 test samples: no curve and no worst group can be measured."
    assert said[-1].startswith("place nearly is the label: train has 1 counterexamples, fewer than the 2 classes")
    few = scenes[(scenes.split < 2) | (scenes.index % 10 == 0)]
    assert "place conflicts with animal in 4 test samples: with fewer than 10" in [*read(few).limits()][1]
    rng = np.random.default_rng(0)
    assert "hardly is a shortcut" in [*read(scenes.assign(place=rng.permutation(scenes.place))).limits()][-1]
