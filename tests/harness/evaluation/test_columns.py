import pandas as pd
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.columns import Columns
from spurgen.harness.evaluation.reading import read_predictions


def test_celeba_and_civil_comments_are_recognised(read):
    faces = pd.DataFrame({"image_id": ["1", "2"], "Blond_Hair": [-1, 1], "Male": [1, -1], "prediction": [-1, -1]})
    found = read(faces)
    assert found.classes == ("dark hair", "blond hair")  # as their numbers, so that logit_0 is of dark hair
    assert (found.labels.tolist(), found.predicted.tolist()) == ([0, 1], [[0, 0]])
    comments = pd.DataFrame({"toxicity": [0.1, 0.5], "identity_any": [0.4, 0.6], "pred": [0, 1]})
    found = read(comments)
    assert (found.classes, found.labels.tolist(), found.predicted.tolist()) == (("civil", "toxic"), [0, 1], [[0, 1]])
    assert found.attributes[0].ids.tolist() == [0, 1]


def test_shares_that_a_flag_names_are_cut_and_other_entries_are_read_as_they_are(read):
    comments = pd.DataFrame({"toxicity": ["no", "yes"], "identity_any": [0.4, 0.6], "pred": ["no", "yes"]})
    with pytest.raises(SpurgenError, match="is no share"):
        read(comments)
    found = read(comments, Columns(label="toxicity", attributes=("identity_any",)))
    assert (found.classes, found.attributes[0].values) == (("no", "yes"), ("none named", "identity named"))
    comments = comments.assign(toxicity=[0.1, 0.5], pred=[0, 1], black=[0.0, 1.0], white=["few", "many"])
    found = read(comments, Columns(attributes=("black", "white")))
    assert [a.values for a in found.attributes] == [("not named", "named"), ("few", "many")]


def test_labels_and_splits_beside_the_answers_may_have_another_usual_name(birds, answers, read):
    birds_by_name = {0: "landbird", 1: "waterbird"}
    named = answers({}).assign(label=lambda table: table.prediction.map(birds_by_name), partition="test")
    assert len(read(named, metadata=birds)) == 200
    both = birds.assign(target=1 - birds.y)  # its own target is not the label that is read
    assert len(read(answers({}).assign(target=0), Columns(label="y"), metadata=both)) == 200
    comments = birds.assign(toxicity=birds.y * 0.8, identity_any=birds.place).drop(columns=["y", "place", "split"])
    asked = Columns(key="img_filename")
    answered = comments.assign(prediction=birds.y, label=birds.y)[["img_filename", "prediction", "label"]]
    assert len(read(answered, asked, metadata=comments)) == 280


@pytest.mark.parametrize("asked", [Columns(logits="s_"), Columns(prediction="guess")])
def test_naming_answers_or_logits_leaves_out_neither(birds, read, asked):
    names = ("prediction", "s_") if asked.logits else ("guess", "logit_")
    logits = {f"{names[1]}0": 1 - birds.y, f"{names[1]}1": birds.y}
    found = read(birds.assign(**{names[0]: birds.y}, **logits), asked)
    assert found.probs is not None
    with pytest.raises(SpurgenError, match=f"column {names[0]}: '[01]' is not the class with the largest {names[1]}"):
        read(birds.assign(**{names[0]: 1 - birds.y}, **logits), asked)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_whole_numbers_as_floats_are_codes(birds, answers, write, kind):
    floats = answers({(0, 1): 5}).astype({"prediction": float})
    metadata = write(birds.astype({"y": float}), f"metadata.{kind}")
    read = read_predictions(write(floats, f"model.{kind}"), Columns(), metadata=metadata)
    assert (read.classes, (read.predicted[0] != read.labels).sum()) == (("landbird", "waterbird"), 5)


def test_an_index_counts_the_samples_of_its_split_but_other_names_are_of_all(write):
    table = pd.DataFrame({"index": [1, 0, 0], "label": [0, 1, 0], "light": "day", "split": ["train", "train", "test"]})
    metadata = write(table, "metadata.csv")
    answers = write(pd.DataFrame({"index": [0], "prediction": [0]}))
    columns = Columns(attributes=("light",), key="index")
    read = read_predictions(str(answers), columns, metadata=str(metadata))
    assert (read.labels.tolist(), read.keys, read.split) == ([0], ("0",), "test")
    other = write(pd.DataFrame({"index": [0, 1], "prediction": [0, 0]}), "more.csv")
    with pytest.raises(SpurgenError, match=r"line 3, column index: '1' is not in .*metadata.csv in the split test; c"):
        read_predictions(other, columns, metadata=metadata)
    splits = write(table.drop(columns=["label", "light"]).assign(prediction=0), "splits.csv")
    assert read_predictions(splits, columns, metadata=metadata).unused == 2
    unique = write(table.assign(index=[0, 1, 2]), "unique.csv")
    whole = write(pd.DataFrame({"index": [0, 1, 2], "prediction": 0}), "whole.csv")
    assert read_predictions(whole, columns, metadata=unique).unused == 2
    write(table.assign(split="test"), "metadata.csv")
    with pytest.raises(SpurgenError, match="'0' occurs more than once; correct"):
        read_predictions(answers, columns, metadata=metadata)
    write(table.rename(columns={"index": "key"}), "metadata.csv")
    answers = write(pd.DataFrame({"key": [0], "prediction": [0]}))
    with pytest.raises(SpurgenError, match="'0' occurs more than once; correct"):
        read_predictions(answers, Columns(attributes=("light",)), metadata=metadata)
