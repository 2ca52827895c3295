"""What to write where a submission's answer has the wrong shape; the answer is a stranger's array."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def shape_hint(scores: NDArray[Any], count: int, width: int | None) -> str:
    """Return `; ` and what to change in an answer of the wrong shape, or nothing.

    `scores`: any shape. Expected are `count` rows of `width` columns, or of any number of them (features) if None.
    """
    shape = scores.shape
    hint = ""
    if not shape:
        hint = "it is one number for the whole batch; return a row for each sample"
    elif shape in ((count,), (count, 1)):
        hint = "write [:, None]" if width is None else _of_column(scores, width)
    elif width is None and len(shape) > 2 and shape[0] == count:
        hint = "write .reshape(len(batch), -1), or pool each map to a number"
    elif shape == (width, count):
        hint = "write .T"
    elif shape == (width,):
        hint = "it is the answer for one sample; return a row for each sample of the batch"
    elif len(shape) == 2 and shape[0] == count:
        hint = "return a column for each of the context.num_classes classes"
    elif len(shape) == 3 and shape[1:] == (count, width):
        hint = f"it is {shape[0]} arrays; return one"
    return hint and f"; {hint}"


def _of_column(scores: NDArray[Any], width: int) -> str:
    numbers = scores.ravel()
    if np.isin(numbers, np.arange(width)).all():
        return "these are class numbers; return a score for each class: the logits or probabilities before argmax"
    return "return a score for each class, not for one"
