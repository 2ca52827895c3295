import numpy as np
import pandas as pd
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.figures import compare, evaluate
from spurgen.harness.evaluation.predictions import group
from spurgen.harness.evaluation.reading import from_arrays, read_predictions
from spurgen.harness.evaluation.tables import Columns

GENERIC = pd.DataFrame(
    {
        "label": ["cat", "dog", "cat", "dog"],
        "pred": ["cat", "cat", "cat", "dog"],
        "light": ["day", "day", "night", "night"],
    }
)
LIGHT = Columns(attributes=("light",))


def test_a_plain_table_is_read_by_usual_names(read):
    found = read(GENERIC, LIGHT)
    assert (found.name, found.classes, found.runs, found.keys) == ("model", ("cat", "dog"), ("1",), None)
    assert found.labels.tolist() == [0, 1, 0, 1]
    assert found.predicted.tolist() == [[0, 0, 0, 1]]
    assert (found.attributes[0].values, found.attributes[0].ids.tolist()) == (("day", "night"), [0, 0, 1, 1])
    assert found.attributes[0].aligned is None


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_waterbirds_metadata_is_recognised_and_joined(birds, answers, write, kind):
    metadata = write(birds, f"metadata.{kind}")
    shuffled = answers({(0, 1): 5}).sample(frac=1, random_state=0)
    read = read_predictions(write(shuffled, f"erm.{kind}"), Columns(), metadata=metadata)
    assert (read.classes, len(read)) == (("landbird", "waterbird"), 200)
    (place,) = read.attributes
    assert (place.name, place.values, place.aligned.tolist()) == ("place", ("land", "water"), [0, 1])
    truth = birds.set_index("img_filename").loc[list(read.keys)]
    assert read.labels.tolist() == truth.y.tolist()
    assert place.ids.tolist() == truth.place.tolist()
    assert (read.predicted[0] != read.labels).sum() == 5


def test_answers_may_be_names_and_may_include_other_splits(birds, answers, read):
    named = answers({}).assign(prediction=lambda t: np.where(t.prediction == 1, "waterbird", "landbird"))
    more = pd.concat([named, birds[birds.split == 0][["img_filename"]].assign(prediction="landbird")])
    found = read(more, metadata=birds)
    assert (len(found), (found.predicted == found.labels).mean()) == (200, 1)
    found = read(more, metadata=birds, split="train")
    assert len(found) == 80


def test_other_data_in_the_columns_of_waterbirds_keep_their_own_names(birds, answers, read):
    birds.loc[birds.index[-1], "place"] = 2
    found = read(answers({}), metadata=birds)
    assert (found.classes, found.attributes[0].values) == (("0", "1"), ("0", "1", "2"))


def test_a_column_that_is_named_is_read_as_it_is(birds, answers, read):
    asked = Columns(label="y", attributes=("place",))
    found = read(answers({}), asked, metadata=birds)
    assert (found.classes, found.attributes[0].values) == (("0", "1"), ("0", "1"))
    found = read(answers({}), Columns(label="y"), metadata=birds)
    assert (found.classes, found.attributes[0].values) == (("0", "1"), ("land", "water"))


def test_numbers_of_splits_have_names_beside_others(birds, answers, read):
    twins = birds[birds.split == 2].assign(split=3, img_filename=lambda table: "twins/" + table.img_filename)
    metadata = pd.concat([birds, twins])
    found = read(answers({}), metadata=metadata)
    assert (found.split, len(found)) == ("test", 200)
    assert read(answers({}), metadata=metadata, split="2").split == "test"
    answered = twins[["img_filename"]].assign(prediction=0)
    assert read(answered, metadata=metadata, split="3").split == "3"


def test_lines_of_other_splits_are_counted(birds, read):
    found = read(birds.assign(prediction=birds.y))
    assert (found.split, len(found), found.unused) == ("test", 200, 80)


def test_splits_that_only_the_answers_have_are_not_mixed(birds, read):
    metadata = birds.drop(columns="split")
    columns = Columns(label="y", attributes=("place",))
    everything = birds.assign(prediction=birds.y)[["img_filename", "prediction", "split"]]
    with pytest.raises(SpurgenError, match=r"model.csv has splits in its column split, and .*metadata.csv has none"):
        read(everything, columns, metadata=metadata)
    assert len(read(everything.assign(split=2), columns, metadata=metadata)) == len(birds)


def test_classes_and_values_without_a_sample_in_the_split_are_known(birds, read):
    dry = birds[(birds.split == 0) | (birds.place == 0)]
    found = read(dry.assign(prediction=1))
    assert found.attributes[0].values == ("land", "water")
    named = {"y": dry.y.map({0: "cat", 1: "dog"}), "place": dry.place.map({0: "day", 1: "night"})}
    cats = dry.assign(**named, prediction="dog").query("split == 0 or y == 'cat'")
    found = read(cats)
    assert (found.classes, found.attributes[0].values) == (("cat", "dog"), ("day", "night"))
    assert set(found.predicted[0]) == {1}
    with pytest.raises(SpurgenError, match="no sample of 3 of 4 groups: cat, place = night; dog, place = day"):
        group(found)


def test_a_column_of_the_metadata_is_not_taken_for_an_answer(birds, answers, read):
    metadata = birds.assign(seed=3, predicted=0, logit_0=1)
    found = read(answers({(0, 0): 1}), metadata=metadata)
    assert (found.runs, (found.predicted != found.labels).sum()) == (("1",), 1)
    with pytest.raises(SpurgenError, match=r"model\.csv has neither a column of predictions"):
        read(answers({}).rename(columns={"prediction": "answer"}), metadata=metadata)


def test_answers_beside_logits_may_be_any_of_the_largest(read):
    table = GENERIC.assign(pred="dog", logit_cat=1, logit_dog=1)
    assert read(table, LIGHT).predicted.tolist() == [[1] * 4]


def test_runs_are_put_in_one_order_by_key(birds, answers, read):
    runs = [answers({(1, 0): k}).assign(seed=k).sample(frac=1, random_state=k) for k in (1, 2, 10)]
    found = read(pd.concat(runs), metadata=birds)
    assert found.runs == ("1", "2", "10")
    assert (found.predicted != found.labels).sum(axis=1).tolist() == [1, 2, 10]


@pytest.mark.parametrize("names", [("cat", "dog"), ("0", "1")])
def test_logits_give_answers_and_probabilities(read, names):
    table = GENERIC.drop(columns="pred").assign(
        **{f"logit_{names[1]}": [0, 0, 0, 9], f"logit_{names[0]}": [1, 2, 3, 4]}
    )
    found = read(table, LIGHT)
    assert found.predicted.tolist() == [[0, 0, 0, 1]]
    np.testing.assert_allclose(found.probs[0, 0], [np.e / (1 + np.e), 1 / (1 + np.e)])


def test_the_value_that_goes_with_each_class_can_be_given(read):
    found = read(GENERIC, LIGHT, aligned={"light": {"cat": "night", "dog": "day"}})
    assert found.attributes[0].aligned.tolist() == [1, 0]


def dropped(column):
    return lambda table: table.drop(columns=column)


def changed(column, row, entry):
    def change(table):
        table[column] = table[column].astype(object)
        table.loc[row, column] = entry
        return table

    return change


def added(**columns):
    return lambda table: table.assign(**columns)


NO_LABEL = r"model.csv has no column of labels \(label, y, y_true, target\); .*; its columns are pred, light"
OTHER_THAN_LOGITS = "line 4, column pred: 'cat' is not the class with the largest logit_CLASS"
NO_ANSWER = "neither a column of predictions .* name them by --prediction or --logits; its columns are label, light"
INFINITE = added(logit_0=1.0, logit_1=[0, np.inf, 0, 0])
HUGE = added(logit_0=1.0, logit_1=[0, 0, 1e200, 0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dropped("label"), NO_LABEL),
        (dropped("pred"), NO_ANSWER),
        (changed("label", 2, ""), "model.csv, line 4, column label: '' is empty; correct the file"),
        (changed("pred", 1, "fox"), "line 3, column pred: 'fox' is none of the labels cat, dog"),
        (added(id=["a", "b", "b", "c"]), "has sample b more than once; remove the copy, or name"),
        (added(run=[1, 1, 1, 2]), "run 1 of .* has 3 samples and run 2 of .*model.csv 1; every run needs"),
        (
            added(run=[1, 1, 2, 2], id=[1, 2, 1, 3]),
            "run 2 of .* lacks 1 of the samples of run 1 of .*, such as 2; every run needs",
        ),
        (
            added(run=[1, 1, 2, 2]),
            "and run 2 of .* give sample 1 different values of light, day and night; every run",
        ),
        (
            added(split=["a", "b", "a", "b"]),
            r"model.csv, column split: there is no split 'test' \(--split\); choose from a, b",
        ),
        (added(logit_cat=[1, 1, 0, 0], logit_dog=[0, 0, 1, 1]), OTHER_THAN_LOGITS),
        (lambda t: INFINITE(t.drop(columns="pred")), "line 3, column logit_1: 'inf' is no finite number"),
        (lambda t: HUGE(t.drop(columns="pred")), "line 4, column logit_1: '1e\\+200' is no finite number of at most"),
    ],
)
def test_a_fault_of_the_table_is_named_and_nothing_is_left_out(read, change, message):
    with pytest.raises(SpurgenError, match=message):
        read(change(GENERIC.copy()), LIGHT)


@pytest.mark.parametrize(
    ("second", "flag"),
    [("y", "--label"), ("prediction", "--prediction"), ("partition", "--split-column"), ("seed", "--run")],
)
def test_two_columns_of_one_meaning_are_an_error(read, second, flag):
    first = {"y": "label", "prediction": "pred", "partition": "split", "seed": "run"}[second]
    table = GENERIC.assign(**({first: "1"} if first not in GENERIC else {}), **{second: "1"})
    with pytest.raises(SpurgenError, match=f"the columns .* and .*; name the one to read by {flag}"):
        read(table, LIGHT)


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (Columns(), {}, "name the attributes that make groups by --attributes; .* has label, pred, light"),
        (Columns(attributes=("light", "light")), {}, "--attributes names light twice; name every column once"),
        (Columns(attributes=("light", "label")), {}, "--attributes: label is the column of labels, which makes groups"),
        (Columns(attributes=("lihgt",)), {}, "has no column lihgt; did you mean light?"),
        (
            Columns(logits="pr", attributes=("light",)),
            {},
            "has the columns pred; expected prCLASS for the classes cat, dog",
        ),
        (LIGHT, {"split": "test"}, "has no column of splits, from which --split test could be taken"),
        (
            LIGHT,
            {"aligned": {"lihgt": {"cat": "day"}}},
            "--aligned lihgt: there is no attribute 'lihgt'; did you mean light",
        ),
        (LIGHT, {"aligned": {"light": {"cat": "noon"}}}, "--aligned light: there is no value 'noon'"),
        (LIGHT, {"aligned": {"light": {"cow": "day"}}}, "--aligned light: there is no class 'cow'"),
        (LIGHT, {"aligned": {"light": {"cat": "day"}}}, "--aligned light says nothing of dog"),
        (LIGHT, {"aligned": {"light": {"cat": "day", "dog": "day"}}}, "cat and dog have the same value day, which"),
    ],
)
def test_a_flag_that_does_not_fit_the_table_is_refused(read, columns, options, message):
    with pytest.raises(SpurgenError, match=message):
        read(GENERIC, columns, **options)


UNANSWERED = "has no prediction for 1 of 200 samples of .*metadata.csv, such as 0080.jpg; predict all samples"
ODD = r"'[01]\.5' is none of the labels 0 \(landbird\), 1 \(waterbird\)"
TWICE = "metadata.csv, line 92, column img_filename: '0001.jpg' occurs more than once"


@pytest.mark.parametrize(
    ("of_answers", "of_metadata", "message"),
    [
        (lambda table: table.iloc[1:], dropped([]), UNANSWERED),
        (changed("img_filename", 90, "x.jpg"), dropped([]), "column img_filename: 'x.jpg' is not in .*metadata.csv"),
        (lambda table: table.rename(columns={"img_filename": "image"}), dropped([]), "share no column img_filename"),
        (dropped([]), changed("img_filename", 90, "0001.jpg"), TWICE),
        (dropped([]), changed("place", 90, ""), "metadata.csv, line 92, column place: '' is empty"),
        (
            added(y=0),
            dropped([]),
            "model.csv, line 102, column y: '0' is not what .*metadata.csv says of the same sample",
        ),
        (added(place="land"), dropped([]), "column place: 'land' is not what .*, and 99 more entries like it"),
        (added(split="val"), dropped([]), "model.csv, line 2, column split: 'val' is not what .*metadata.csv says"),
        (added(label=0), dropped([]), "model.csv, line 102, column label: '0' is not what .*metadata.csv says of the"),
        (added(partition=0), dropped([]), "model.csv, line 2, column partition: '0' is not what .*metadata.csv says"),
        (lambda t: t.assign(prediction=t.prediction + 0.5), dropped([]), ODD),
        (added(y=0), dropped("y"), r"metadata.csv has no column of labels \(label, y, y_true, target\)"),
    ],
)
def test_tables_that_do_not_fit_each_other_are_refused(birds, answers, read, of_answers, of_metadata, message):
    metadata = of_metadata(birds)
    with pytest.raises(SpurgenError, match=message):
        read(of_answers(answers({})), metadata=metadata)


LABELS, LIGHTS = np.repeat([0, 1], 20), np.tile(["day", "night"], 20)
ALIGNED = {"light": {"0": "day", "1": "night"}}


@pytest.mark.parametrize("runs", [1, 3])
def test_arrays_and_a_table_have_the_same_figures(runs, write):
    scores = np.random.default_rng(0).normal(size=(runs, 40, 2))
    table = pd.DataFrame({"label": np.tile(LABELS, runs), "light": np.tile(LIGHTS, runs)})
    table["logit_0"], table["logit_1"] = scores.reshape(-1, 2).T
    table["run"] = np.repeat(np.arange(runs), 40)
    read = read_predictions(write(table), Columns(attributes=("light",)), aligned=ALIGNED)
    made = from_arrays("model", LABELS, {"light": LIGHTS}, logits=scores if runs > 1 else scores[0], aligned=ALIGNED)
    assert evaluate(made) == evaluate(read)


def test_predicted_labels_may_be_of_one_run_or_of_several():
    names = np.array(["cat", "dog"])[LABELS]
    one = from_arrays("model", names, {"light": LIGHTS}, predicted=names)
    two = from_arrays("model", names, {"light": LIGHTS}, predicted=[names, names[::-1]])
    assert (evaluate(one).accuracy.value, evaluate(two).accuracy.value) == (1, 0.5)
    assert evaluate(two).runs == 2
    assert evaluate(one).robust_accuracy is None


def test_booleans_say_whether_an_attribute_goes_with_the_label():
    goes = LIGHTS == "day"
    figures = evaluate(from_arrays("model", LABELS, {"light_aligned": goes}, predicted=np.where(goes, LABELS, 0)))
    assert {name: one.value for name, one in figures.states.items()} == {"agree": 1, "mislead": 0.5}
    assert figures.groups[0].name == "0, light aligned"


def test_keys_pair_the_samples_of_two_models_and_runs_their_runs():
    order = np.random.default_rng(1).permutation(40)
    answers = np.stack([LABELS, np.where(np.arange(40) % 5, LABELS, 1 - LABELS)])
    one = from_arrays("one", LABELS, {"light": LIGHTS}, predicted=answers, keys=np.arange(40), runs=["a", "b"])
    two = from_arrays(
        "two", LABELS[order], {"light": LIGHTS[order]}, predicted=answers[:, order], keys=order, runs=["a", "b"]
    )
    comparison = compare(one, two)
    assert (comparison.by_name, comparison.paired_runs) == (True, True)
    assert comparison.metrics["accuracy"].p == 1
    other = from_arrays("two", LABELS, {"light": LIGHTS}, predicted=answers, runs=["c", "d"])
    assert not compare(one, other).paired_runs


def test_classes_and_values_may_have_any_type():
    read = from_arrays(
        "model", LABELS == 1, {"night": LIGHTS == "night"}, predicted=LABELS, aligned={"night": {0: 0, 1: 1}}
    )
    figures = evaluate(read)
    assert {group.name for group in figures.groups} == {f"{y}, night = {night}" for y in (0, 1) for night in (0, 1)}
    assert set(figures.states) == {"agree", "mislead"}


def test_whole_numbers_of_any_kind_are_the_same_names():
    figures = evaluate(from_arrays("model", LABELS.astype(float), {"light": LIGHTS}, predicted=LABELS.astype(np.uint8)))
    assert figures.accuracy.value == 1


def test_classes_give_the_order_of_logits_and_may_have_no_sample():
    names = np.array(["cat", "dog"])[LABELS]
    scores = np.stack([names == "dog", np.zeros(40), names == "cat"], axis=1).astype(float)
    read = from_arrays("model", names, {"light": LIGHTS}, logits=scores, classes=["dog", "eel", "cat"])
    figures = evaluate(read, allow_missing=True)
    assert figures.accuracy.value == 1
    assert figures.class_order is None  # nothing was guessed
    assert figures.missing == ("eel, light = day", "eel, light = night")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"predicted": None}, "expected either predicted or logits"),
        ({"logits": np.zeros((40, 2))}, "expected either predicted or logits"),
        ({"predicted": LABELS[1:]}, r"predicted has the shape \(39,\); expected \(40,\), an entry for each"),
        ({"predicted": LABELS[None, :0]}, r"predicted has the shape \(1, 0\); expected \(n,\) or \(R, n\)"),
        ({"predicted": None, "logits": np.full((40, 2), 0.5)}, "logits are probabilities: each row adds up to 1"),
        ({"predicted": LABELS + 1}, "predicted: 2 is none of the classes 0, 1; name all classes by classes="),
        ({"predicted": None, "logits": np.zeros((40, 3))}, r"logits.*shape \(1, 40, 3\)"),
        ({"labels": LABELS[:0]}, r"labels has the shape \(0,\); expected \(n,\), an entry for each"),
        ({"classes": [1]}, "labels: 0 is none of the classes 1"),
        ({"labels": [None, *LABELS[1:]]}, "labels: entry 0 is missing"),
        ({"labels": ["a", np.nan] * 20}, "labels: entry 1 is missing"),
        ({"labels": np.where(LABELS, 1, np.nan)}, "labels: entry 0 is missing"),
        ({"attributes": {"light": ["day", None] * 20}}, "light: entry 1 is missing"),
        ({"attributes": {"light": LIGHTS[1:]}}, r"light has the shape \(39,\); expected \(40,\), an entry for each"),
        ({"attributes": {}}, "attributes is empty; name one or more"),
        ({"attributes": {"light_aligned": LIGHTS}}, "light_aligned: day is neither True nor False"),
        ({"attributes": {"light_aligned": LABELS}, "aligned": {"light_aligned": {}}}, "light_aligned has no effect"),
        ({"classes": [0, 1, 1]}, "classes: 1 occurs more than once"),
        ({"keys": np.zeros(40)}, "keys: 0 occurs more than once"),
        ({"runs": ["a", "b"]}, r"runs has the shape \(2,\); expected \(1,\)"),
        ({"aligned": {"lihgt": {}}}, "no attribute 'lihgt'; did you mean light"),
        ({"aligned": {"light": {"0": "day"}}}, "--aligned light says nothing of 1"),
    ],
)
def test_a_mistake_is_named(changes, message):
    arrays = {"labels": LABELS, "attributes": {"light": LIGHTS}, "predicted": LABELS} | changes
    with pytest.raises(SpurgenError, match=message):
        from_arrays("model", **arrays)
