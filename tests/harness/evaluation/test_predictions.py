import numpy as np
import pandas as pd
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.cli import main
from spurgen.harness.evaluation.figures import evaluate
from spurgen.harness.evaluation.predictions import in_train
from spurgen.harness.evaluation.reading import read_predictions
from spurgen.harness.evaluation.report import summary
from spurgen.harness.evaluation.tables import Columns, read_header

CLASSES = ("cat", "dog")


def test_the_most_over_represented_value_goes_with_a_class():
    values, reason = in_train("light", np.repeat([0, 0, 0, 1, 1], 400), np.repeat([1, 1, 0, 0, 1], 400), CLASSES)
    assert (values.tolist(), reason) == ([1, 0], "")


BARELY = np.r_[np.arange(3000) < 2853, np.arange(3000) < 2849].astype(np.int64)  # 95.1 and 95.0 %


@pytest.mark.parametrize(
    ("labels", "ids", "classes", "reason"),
    [
        ([], [], CLASSES, "no split is called train, where the value that goes with each class is looked up; name it"),
        ([0, 0], [0, 0], CLASSES, "the train split has no sample of dog, so name its values by --aligned light CLASS="),
        ([0, 1], [0, 0], CLASSES, "in the train split, no value of light goes with a class more than by chance (p = 1"),
        (np.repeat([0, 1], 3000), BARELY, CLASSES, "in the train split, no value of light goes with a class more than"),
        (
            np.repeat([0, 1, 2], 100), np.repeat([1, 1, 0], 100), ("cat", "dog", "cow"),
            "in the train split, classes share the value of light that goes with them",
        ),
    ],
)  # fmt: skip
def test_the_reason_why_no_value_is_known_is_given(labels, ids, classes, reason):
    values, found = in_train("light", np.array(labels, np.int64), np.array(ids, np.int64), classes)
    assert values is None
    assert found.startswith(reason)


def test_the_summary_gives_the_reason(read):
    rows = [(c, place, split) for c in range(4) for place in (0, 1) for split in (0, 0, 2)]
    table = pd.DataFrame(rows, columns=["label", "place", "split"])
    found = read(table.assign(prediction=table.label), Columns(attributes=("place",)))
    figures = evaluate(found)
    assert figures.robust_accuracy is None
    assert f"Accuracy if misled is not known: {figures.unaligned}." in summary(figures)
    assert figures.unaligned.startswith("in the train split, no value of place goes with a class more than by chance")
    assert figures.aligned == {}


def flagged(color, shape="True"):
    """Return a table whose classes go with a colour in train, and that says so by a column of flags."""
    test = pd.DataFrame({"label": [0, 0, 1, 1] * 10, "prediction": [0, 1, 1, 0] * 10, "split": "test"})
    table = test.assign(color_aligned=[color[0], color[1]] * 20, shape_aligned=shape)
    return pd.concat([table, table.assign(split="train", color_aligned=color[0])])


@pytest.mark.parametrize("color", [("True", "False"), ("TRUE", "FALSE"), (1, 0), (True, False)])
def test_a_column_of_flags_says_what_goes_with_the_class(color, write):
    for name in ("model.csv", "model.parquet"):
        columns = Columns(attributes=("color_aligned",))
        figures = evaluate(read_predictions(write(flagged(color), name), columns))
        assert {name: one.value for name, one in figures.states.items()} == {"agree": 1, "mislead": 0}
        assert figures.flags == ("color",)
        assert figures.aligned == {}


def test_a_flag_that_is_neither_true_nor_false_is_an_error(read):
    columns = Columns(attributes=("color_aligned", "shape_aligned"))
    with pytest.raises(SpurgenError, match=r"line 2, column shape_aligned: 'yes' is neither True nor False"):
        read(flagged((1, 0), "yes"), columns)
    with pytest.raises(SpurgenError, match="--aligned color_aligned has no effect"):
        read(flagged((1, 0)), columns, aligned={"color_aligned": {"0": "1"}})


def test_values_called_as_flags_are_values(read):
    table = flagged(("aligned", "conflicts")).rename(columns={"color_aligned": "status"})
    figures = evaluate(read(table[table.split == "test"], Columns(attributes=("status",))))
    assert figures.flags == ()
    assert figures.robust_accuracy is None


def test_flags_and_values_may_be_mixed(read):
    table = flagged((1, 0)).assign(place=lambda t: t.label)
    columns = Columns(attributes=("color_aligned", "place"))
    figures = evaluate(read(table, columns), allow_missing=True)
    assert figures.flags == ("color",)
    assert figures.aligned == {"place": {"0": "0", "1": "1"}}
    assert "whether these go with its class: color." in summary(figures)


def test_generated_files_of_parquet_are_their_own_metadata_and_name_their_classes(tmp_path, write):
    flags = "--format parquet --num-classes 2 --num-samples 40 --channels color --image-size 32 --shard-size 5"
    assert main(["generate", "--out", str(tmp_path / "data"), *flags.split()]) == 0
    files = sorted((tmp_path / "data" / "data").glob("test-*.parquet"))
    assert len(files) > 1
    test = pd.concat(pd.read_parquet(file, columns=["index", "label"]) for file in files)
    classes = [*read_header(files[0]).codes["label"].values()]
    named = test.assign(prediction=[classes[k] for k in test.pop("label")]).sample(frac=1, random_state=0)
    answers, metadata = write(named, "answers.csv"), tmp_path / "data" / "data" / "*.parquet"
    figures = evaluate(read_predictions(answers, metadata=metadata))  # the names of samples repeat in every split
    assert (figures.accuracy.value, len(figures.groups), figures.flags) == (1, 4, ("color",))
    read = read_predictions(answers, Columns(attributes=("color",)), metadata=metadata)
    figures = evaluate(read, allow_missing=True)
    assert read.classes == tuple(classes)
    assert (figures.accuracy.value, set(figures.aligned["color"])) == (1, set(classes))
    assert not any(value.isdigit() for value in (*classes, *figures.aligned["color"].values()))
