import numpy as np
import pytest
from pydantic import ValidationError

from spurgen.benchmark.errors import explain
from spurgen.harness.sandbox.answers import About, fault


@pytest.mark.parametrize(
    ("scores", "width", "hint"),
    [
        (np.array([0.0, 2.0, 1.0, 2.0]), 3, "these are class numbers; return a score for each class"),
        (np.array([[0.0], [2.0], [1.0], [2.0]]), 3, "these are class numbers; return a score for each class"),
        (np.array([0.1, 0.9, 0.5, 0.2]), 3, "return a score for each class, not for one"),
        (np.array(1.0), 3, "one number for the whole batch"),
        (np.zeros(3), 3, "the answer for one sample"),
        (np.zeros((3, 4)), 3, "write .T"),
        (np.zeros((4, 1000)), 3, "a column for each of the context.num_classes classes"),
        (np.zeros((2, 4, 3)), 3, "it is 2 arrays; return one"),
        (np.zeros(4), None, "write [:, None]"),
        (np.zeros((4, 8, 2, 2)), None, "write .reshape(len(batch), -1)"),
    ],
)
def test_a_wrong_shape_is_answered_with_what_to_write(scores, width, hint):
    expected = "(4, d)" if width is None else "(4, 3)"
    message = fault("predict", scores, 4, width, "test")
    assert message.startswith(f"predict returned shape {scores.shape} on test, expected {expected}; ")
    assert hint in message


@pytest.mark.parametrize("shape", [(2, 3), (4, 3, 2)])
def test_other_shapes_get_no_hint(shape):
    assert fault("predict", np.zeros(shape), 4, 3, "test").endswith(", expected (4, 3)")


@pytest.mark.parametrize(
    ("what", "rows", "message"),
    [
        ("predict", [[1, 2, 3]] * 3 + [[1, np.nan, 0]], "nan on test, in row 3, column 1; 1 of 12 values"),
        ("predict", [[np.inf] * 3] * 4, "inf on test, in row 0, column 0; 12 of 12 values are not finite"),
        ("predict", [[1e31, 0, 0]] * 4, "1e+31 on test; divide it, to stay within 1e+08"),
        ("encode", [[1e31, 0, 0]] * 4, "1e+31 on test; divide it, to stay within 1e+30"),
        ("predict_proba", [[0.5, 0.5, 0]] * 3 + [[0.5, 0.4, 0]], "no probabilities on test: row 3 is [0.5, 0.4"),
        ("predict_proba", [[-0.1, 1.1, 0]] * 4, "no probabilities on test: row 0 is"),
        ("predict_proba", [[2.0, 2, 2]] * 4, "adds up to 6; return non-negative rows that add up to 1"),
    ],
)
def test_numbers_that_cannot_be_scored_are_named(what, rows, message):
    assert message in fault(what, np.array(rows), 4, 3, "test")


def test_finite_floats_of_the_right_shape_have_no_fault():
    assert fault("predict", np.full((4, 3), 1e8), 4, 3, "test") == ""
    assert fault("encode", np.full((4, 7), 1e30), 4, None, "test") == ""
    assert fault("predict_proba", np.full((4, 3), 0.33334), 4, 3, "test") == ""


ABOUT = {"name": "a", "access": "none", "modalities": ["text"], "offers": ["predict"], "uses_generator": False}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": 7}, "name: Input should be a valid string"),
        ({"name": "x" * 101}, "name: String should have at most 100 characters"),
        ({"name": "\ud800"}, "name: "),
        ({"name": "a\nb"}, "name: expected printable characters"),
        ({"access": "root"}, "access: expected one of envs, none, train_groups, twins"),
        ({"modalities": ["smell"]}, "modalities.0: expected one of features, image, multimodal, text"),
        ({"modalities": []}, "modalities: List should have at least 1"),
        ({"offers": ["fit"]}, "offers: expected at least one of predict, predict_proba, encode"),
        ({"offers": ["predict", "x"]}, "offers.1: expected one of encode, fit, "),
    ],
)
def test_a_forged_description_is_refused(changed, message):
    assert About.model_validate(ABOUT)
    with pytest.raises(ValidationError) as caught:
        About.model_validate(ABOUT | changed)
    explained = explain(caught.value.errors())
    assert explained.startswith(message)
    explained.encode()
