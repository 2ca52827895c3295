import numpy as np
import pandas as pd
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.own.data import NEUTRAL, goes_with


def test_a_counterexample_has_another_value_than_goes_with_its_class_in_train(scenes, read):
    data = read(scenes)
    assert (data.classes, data.value_names) == (("animal", "tool"), ("meadow", "shed"))
    assert data.goes.tolist() == [[True, False], [False, True]]
    np.testing.assert_array_equal(data.misleads, (scenes.kind == "animal") != (scenes.place == "meadow"))
    assert data.have == int((data.misleads & data.inside("train")).sum()) == 24
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
    assert "The table has no split val, so 20 % of train were drawn at random for it." in data.about()
    assert "drawn" not in named.about()


def test_splits_are_drawn_within_groups_where_there_are_none(scenes, read):
    data = read(scenes.drop(columns="split"))
    assert "The table has no splits, so they were drawn at random: 60 %, 15 % and 25 %." in data.about()
    sizes = [int(data.inside(split).sum()) for split in ("train", "val", "test")]
    assert sizes == pytest.approx([192, 48, 80], abs=2)
    shares = [data.misleads[data.inside(split)].mean() for split in ("train", "val", "test")]
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
    assert [data.value_names[k] for k in data.goes.argmax(axis=0)] == ["negation", "no negation", "no negation"]
    assert not (data.states == NEUTRAL).any()


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
    with pytest.raises(SpurgenError, match=r"name it by --key, .* by --text, or .* by --features; its columns are"):
        read(scenes, text=())


@pytest.mark.parametrize("column", ["file", "path", "image", "filename"])
def test_columns_of_files_are_recognised_and_come_before_names_of_samples(scenes, read, tmp_path, column):
    (tmp_path / "0.png").touch()
    assert read(scenes.assign(**{"id": range(320), column: "0.png"}), text=()).inputs[0] == "0.png"


def test_messages_name_the_flags_of_the_command(scenes, read):
    with pytest.raises(SpurgenError, match="by --shortcut"):
        read(scenes, shortcut=None)


def test_what_the_data_cannot_tell_is_said(scenes, read):
    same = scenes.kind.map({"animal": "meadow", "tool": "shed"})
    nearly = changed(scenes.assign(place=scenes.place.where(scenes.split == 2, same)), "place", 0, "shed")
    third = scenes.iloc[:20].assign(kind="plant", place="garden", split=np.repeat([0, 1, 2], [10, 5, 5]))
    said = [*read(pd.concat([nearly, third])).limits()]
    left_out = "the class is left out where the shortcut agrees or misleads"
    assert said[0].startswith("place agrees in 5 test samples of plant: with fewer than 10")
    assert said[1] == f"place misleads in 0 test samples of plant: {left_out}."
    assert said[-1].startswith("place nearly is the label: train has 1 counterexamples, fewer than the 3 classes")
    with pytest.raises(SpurgenError, match=r"for only 0 of 2 classes; two are needed .*: add samples, or name"):
        read(scenes.assign(place=same))
    few = scenes[(scenes.split < 2) | (scenes.index % 20 < 2)]
    assert "place misleads in 2 test samples of animal: with fewer than 10" in [*read(few).limits()][1]
    many = pd.concat([scenes] * 20, ignore_index=True)
    follows = many.index.to_series() // 2 % 100 >= 46
    weak = many.assign(place=np.where((many.kind == "animal") == follows, "meadow", "shed"))
    assert "46% of the train samples are counterexamples, and by chance 50% would be" in [*read(weak).limits()][-1]


def test_an_attribute_that_goes_with_no_class_is_refused(scenes, read):
    rng = np.random.default_rng(0)
    with pytest.raises(SpurgenError, match="in train, no place goes with a kind more often than by chance, so"):
        read(scenes.assign(place=rng.permutation(scenes.place)))


def drawn(of_class, goes, per_value, rng, follows=0.95):
    """Return a table of values and classes, in which a value's samples are of its class as often as `follows` says.

    `of_class`: shares of the classes among the others; `goes`: the class of each value, or -1 for as in all samples.
    """
    rest = np.where(goes[:, None] == np.arange(len(of_class)), 0, of_class)
    chances = (1 - follows) * rest / rest.sum(axis=1, keepdims=True) + follows * (rest == 0)
    chances[goes < 0] = chances[goes >= 0].mean(axis=0)
    return np.stack([rng.multinomial(per_value, each) for each in chances]).astype(float)


@pytest.mark.parametrize("classes", [2, 3, 5, 10])
@pytest.mark.parametrize("values", [2, 3, 4, 12, 50])
@pytest.mark.parametrize("unequal", [False, True])
def test_values_go_with_the_class_that_was_planted(classes, values, unequal):
    rng = np.random.default_rng([classes, values, unequal])
    of_class = np.linspace(1, 4, classes) if unequal else np.ones(classes)
    goes = np.arange(values) % (classes + (values > 2 * classes)) % (classes + 1)
    goes[goes == classes] = -1  # indifferent
    found = goes_with(drawn(of_class / of_class.sum(), goes, 200, rng))
    assert [np.flatnonzero(row).tolist() for row in found[goes >= 0]] == [[k] for k in goes[goes >= 0]]
    assert found[goes < 0].sum() <= 0.05 * found.sum()  # indifferent values go with none


@pytest.mark.parametrize(("classes", "found_at_least"), [(2, 0.3), (4, 0.75), (10, 0.75)])
def test_few_samples_leave_values_neutral_rather_than_with_a_wrong_class(classes, found_at_least):
    wrong = right = 0
    for seed in range(40):
        rng, goes = np.random.default_rng([classes, seed]), np.arange(50) % (classes + 1) - 1
        found = goes_with(drawn(np.ones(classes) / classes, goes, 8, rng))
        planted = goes[:, None] == np.arange(classes)
        wrong, right = wrong + (found & ~planted).sum(), right + (found & planted).sum()
    assert wrong < 0.05 * (wrong + right)
    assert right > found_at_least * 40 * (50 * classes / (classes + 1))


def test_a_value_may_go_with_several_classes_and_rare_ones_with_none():
    counts = np.array([[57498, 67376, 66630], [11158, 1521, 1992]])  # MultiNLI: no negation, and negation
    assert goes_with(counts).tolist() == [[False, True, True], [True, False, False]]
    rivals = np.array([[80, 20, 0, 0, 0], [0, 80, 20, 0, 0], [0, 0, 80, 20, 0], [0, 0, 0, 80, 20], [20, 0, 0, 0, 80],
                       [2, 0, 0, 0, 0]])  # fmt: skip
    assert goes_with(rivals).tolist() == [*np.eye(5, dtype=bool).tolist(), [False] * 5]


def test_three_values_of_a_class_are_no_counterexamples_of_one_another(scenes, read):
    many = scenes.assign(place=[f"{place} {k % 3}" for k, place in enumerate(scenes.place)])
    data, merged = read(many), read(scenes)
    assert data.have == merged.have == 24
    np.testing.assert_array_equal(data.states, merged.states)
    assert "meadow 0, meadow 1 and meadow 2 with animal" in data.about()


def test_values_of_no_class_are_neutral_and_classes_without_a_value_are_left_out(scenes, read):
    turn = np.arange(320) % 4
    data = read(scenes.assign(place=np.where(turn < 2, "field", scenes.place)))
    assert (data.states == NEUTRAL).sum() == 160
    assert "with no class: field (160 neutral samples)" in data.about()
    third = read(scenes.assign(kind=np.where(turn < 2, "plant", scenes.kind)))
    assert next(third.limits()).startswith("No place goes with plant: the class is left out")
    assert third.measured.tolist() == [0, 2]
