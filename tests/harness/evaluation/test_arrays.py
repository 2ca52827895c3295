import numpy as np
import pandas as pd
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.arrays import from_arrays
from spurgen.harness.evaluation.columns import Columns
from spurgen.harness.evaluation.figures import evaluate
from spurgen.harness.evaluation.paired import compare
from spurgen.harness.evaluation.reading import read_predictions

LABELS, LIGHT = np.repeat([0, 1], 20), np.tile(["day", "night"], 20)
ALIGNED = {"light": {"0": "day", "1": "night"}}


@pytest.mark.parametrize("runs", [1, 3])
def test_arrays_and_a_table_have_the_same_figures(runs, write):
    scores = np.random.default_rng(0).normal(size=(runs, 40, 2))
    table = pd.DataFrame({"label": np.tile(LABELS, runs), "light": np.tile(LIGHT, runs)})
    table["logit_0"], table["logit_1"] = scores.reshape(-1, 2).T
    table["run"] = np.repeat(np.arange(runs), 40)
    read = read_predictions(write(table), Columns(attributes=("light",)), aligned=ALIGNED)
    made = from_arrays("model", LABELS, {"light": LIGHT}, logits=scores if runs > 1 else scores[0], aligned=ALIGNED)
    assert evaluate(made) == evaluate(read)


def test_predicted_labels_may_be_of_one_run_or_of_several():
    names = np.array(["cat", "dog"])[LABELS]
    one = from_arrays("model", names, {"light": LIGHT}, predicted=names)
    two = from_arrays("model", names, {"light": LIGHT}, predicted=[names, names[::-1]])
    assert (evaluate(one).accuracy.value, evaluate(two).accuracy.value) == (1, 0.5)
    assert evaluate(two).runs == 2
    assert evaluate(one).robust_accuracy is None


def test_booleans_say_whether_an_attribute_goes_with_the_label():
    goes = LIGHT == "day"
    figures = evaluate(from_arrays("model", LABELS, {"light_aligned": goes}, predicted=np.where(goes, LABELS, 0)))
    assert {name: one.value for name, one in figures.states.items()} == {"agree": 1, "mislead": 0.5}
    assert figures.groups[0].name == "0, light aligned"


def test_keys_pair_the_samples_of_two_models_and_runs_their_runs():
    order = np.random.default_rng(1).permutation(40)
    answers = np.stack([LABELS, np.where(np.arange(40) % 5, LABELS, 1 - LABELS)])
    one = from_arrays("one", LABELS, {"light": LIGHT}, predicted=answers, keys=np.arange(40), runs=["a", "b"])
    two = from_arrays(
        "two", LABELS[order], {"light": LIGHT[order]}, predicted=answers[:, order], keys=order, runs=["a", "b"]
    )
    comparison = compare(one, two)
    assert (comparison.by_name, comparison.paired_runs) == (True, True)
    assert comparison.metrics["accuracy"].p == 1
    other = from_arrays("two", LABELS, {"light": LIGHT}, predicted=answers, runs=["c", "d"])
    assert not compare(one, other).paired_runs


def test_classes_and_values_may_have_any_type():
    read = from_arrays(
        "model", LABELS == 1, {"night": LIGHT == "night"}, predicted=LABELS, aligned={"night": {0: 0, 1: 1}}
    )
    figures = evaluate(read)
    assert {group.name for group in figures.groups} == {f"{y}, night = {night}" for y in (0, 1) for night in (0, 1)}
    assert set(figures.states) == {"agree", "mislead"}


def test_whole_numbers_of_any_kind_are_the_same_names():
    figures = evaluate(from_arrays("model", LABELS.astype(float), {"light": LIGHT}, predicted=LABELS.astype(np.uint8)))
    assert figures.accuracy.value == 1


def test_classes_give_the_order_of_logits_and_may_have_no_sample():
    names = np.array(["cat", "dog"])[LABELS]
    scores = np.stack([names == "dog", np.zeros(40), names == "cat"], axis=1).astype(float)
    read = from_arrays("model", names, {"light": LIGHT}, logits=scores, classes=["dog", "eel", "cat"])
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
        ({"attributes": {"light": LIGHT[1:]}}, r"light has the shape \(39,\); expected \(40,\), an entry for each"),
        ({"attributes": {}}, "attributes is empty; name one or more"),
        ({"attributes": {"light_aligned": LIGHT}}, "light_aligned: day is neither True nor False"),
        ({"attributes": {"light_aligned": LABELS}, "aligned": {"light_aligned": {}}}, "light_aligned has no effect"),
        ({"classes": [0, 1, 1]}, "classes: 1 occurs more than once"),
        ({"keys": np.zeros(40)}, "keys: 0 occurs more than once"),
        ({"runs": ["a", "b"]}, r"runs has the shape \(2,\); expected \(1,\)"),
        ({"aligned": {"lihgt": {}}}, "no attribute 'lihgt'; did you mean light"),
        ({"aligned": {"light": {"0": "day"}}}, "--aligned light says nothing of 1"),
    ],
)
def test_a_mistake_is_named(changes, message):
    arrays = {"labels": LABELS, "attributes": {"light": LIGHT}, "predicted": LABELS} | changes
    with pytest.raises(SpurgenError, match=message):
        from_arrays("model", **arrays)
