import pandas as pd
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.columns import Columns
from spurgen.harness.evaluation.reading import read_predictions


def test_celeba_and_civil_comments_are_recognised(write):
    faces = pd.DataFrame({"image_id": ["1", "2"], "Blond_Hair": [-1, 1], "Male": [1, -1], "prediction": [-1, -1]})
    read = read_predictions(write(faces), Columns())
    assert read.classes == ("dark hair", "blond hair")  # as their numbers, so that logit_0 is of dark hair
    assert (read.labels.tolist(), read.predicted.tolist()) == ([0, 1], [[0, 0]])
    comments = pd.DataFrame({"toxicity": [0.1, 0.5], "identity_any": [0.4, 0.6], "pred": [0, 1]})
    read = read_predictions(write(comments), Columns())
    assert (read.classes, read.labels.tolist(), read.predicted.tolist()) == (("civil", "toxic"), [0, 1], [[0, 1]])
    assert read.attributes[0].ids.tolist() == [0, 1]


def test_shares_that_a_flag_names_are_read_as_they_are(write):
    comments = pd.DataFrame({"toxicity": ["no", "yes"], "identity_any": [0.4, 0.6], "pred": ["no", "yes"]})
    with pytest.raises(SpurgenError, match="is no share"):
        read_predictions(write(comments), Columns())
    read = read_predictions(write(comments), Columns(label="toxicity", attributes=("identity_any",)))
    assert (read.classes, read.attributes[0].values) == (("no", "yes"), ("0.4", "0.6"))
