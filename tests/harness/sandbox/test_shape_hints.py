import numpy as np
import pytest

from spurgen.harness.sandbox.shape_hints import shape_hint


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
    assert shape_hint(scores, 4, width).startswith("; ")
    assert hint in shape_hint(scores, 4, width)


def test_other_shapes_get_no_hint():
    assert shape_hint(np.zeros((2, 3)), 4, 3) == ""
    assert shape_hint(np.zeros((4, 3, 2)), 4, 3) == ""
