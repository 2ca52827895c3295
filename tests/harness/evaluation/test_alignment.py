import numpy as np
import pandas as pd
import pytest

from spurgen.harness.evaluation.alignment import in_train
from spurgen.harness.evaluation.columns import Columns
from spurgen.harness.evaluation.figures import evaluate
from spurgen.harness.evaluation.reading import read_predictions
from spurgen.harness.evaluation.report import summary

CLASSES = ("cat", "dog")


def test_the_most_over_represented_value_goes_with_a_class():
    values, reason = in_train("light", np.repeat([0, 0, 0, 1, 1], 400), np.repeat([1, 1, 0, 0, 1], 400), CLASSES)
    assert (values.tolist(), reason) == ([1, 0], "")


def test_a_difference_that_chance_explains_is_no_alignment():
    labels = np.repeat([0, 1], 3000)
    ids = np.r_[np.arange(3000) < 2853, np.arange(3000) < 2849].astype(np.int64)  # 95.1 and 95.0 %
    values, reason = in_train("light", labels, ids, CLASSES)
    assert values is None
    assert reason.startswith("in the train split, no value of light goes with a class more than by chance (p = 0.")


def test_classes_that_share_the_value_that_goes_with_them_have_no_alignment():
    labels, ids = np.repeat([0, 1, 2], 100), np.repeat([1, 1, 0], 100)
    reason = "in the train split, classes share the value of light that goes with them"
    assert in_train("light", labels, ids, ("cat", "dog", "cow")) == (None, reason)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (
            [],
            "no split is called train, where the value that goes with each class is looked up; name it by "
            "--aligned ATTRIBUTE CLASS=VALUE ...",
        ),
        ([0, 0], "the train split has no sample of dog, so name its values by --aligned light CLASS=VALUE ..."),
        ([0, 1], "in the train split, no value of light goes with a class more than by chance (p = 1)"),
    ],
)
def test_the_reason_why_no_value_is_known_is_given(labels, reason):
    labels = np.array(labels, dtype=np.int64)
    assert in_train("light", labels, np.zeros_like(labels), CLASSES) == (None, reason)


def test_the_summary_gives_the_reason(write):
    rows = [(c, place, split) for c in range(4) for place in (0, 1) for split in (0, 0, 2)]
    table = pd.DataFrame(rows, columns=["label", "place", "split"])
    read = read_predictions(write(table.assign(prediction=table.label)), Columns(attributes=("place",)))
    figures = evaluate(read)
    assert figures.robust_accuracy is None
    assert f"Robust accuracy is not known: {figures.unaligned}." in summary(figures)
    assert figures.unaligned == "in the train split, no value of place goes with a class more than by chance (p = 1)"
    assert figures.aligned == {}
