"""What is wrong with what a submission's process sends, which may be anything: its description, and arrays."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.worker.loading import LONGEST_NAME, MODALITIES, PARTS, PREDICTORS
from spurgen.harness.worker.protocol import MAX_WIDTH

LARGEST = 1e8  # absolute score, so that every metric stays below the largest that a result may have
LARGEST_FEATURE = 1e30  # so that sums of squares do not overflow
SMALLEST = 1e-30  # absolute score; smaller ones are 0, so that no temperature fitted to them is
TOLERANCE = 1e-3  # of the sum of probabilities


def _require(fits: Callable[[Any], bool], message: str) -> AfterValidator:
    def check(value: Any) -> Any:  # noqa: ANN401
        if not fits(value):
            raise ValueError(message)
        return value

    return AfterValidator(check)


def _one_of(choices: Iterable[str]) -> AfterValidator:
    known = sorted(choices)
    return _require(lambda value: value in known, f"expected one of {', '.join(known)}")


class About(BaseModel):
    """A worker's description of its submission: name, access tier, modalities, functions, use of the generator."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    name: Annotated[
        str, Field(min_length=1, max_length=LONGEST_NAME), _require(str.isprintable, "expected printable characters")
    ]
    access: Annotated[str, _one_of(ACCESS)]
    modalities: Annotated[list[Annotated[str, _one_of(MODALITIES)]], Field(min_length=1, max_length=len(MODALITIES))]
    offers: Annotated[
        list[Annotated[str, _one_of(PARTS)]],
        _require(
            lambda offers: any(part in offers for part in PREDICTORS),
            f"expected at least one of {', '.join(PREDICTORS)}",
        ),
    ]
    uses_generator: bool


def fault(what: str, scores: NDArray[Any], count: int, width: int | None, where: str) -> str:
    """Return what is wrong with an answer of `predict`, `predict_proba` or `encode`, or nothing.

    Expected are finite reals (count, width), any width if None, of a limited size; probabilities add up to 1.
    """
    if scores.ndim != 2 or len(scores) != count or scores.shape[1] != (width or scores.shape[1]):
        expected = f"({count}, {'d' if width is None else width})"
        hint = _shape_hint(scores, count, width)
        return f"{what} returned shape {scores.shape} on {where}, expected {expected}{hint}"
    if not 0 < scores.shape[1] <= MAX_WIDTH or scores.dtype.kind != "f":
        returned = f"{what} returned {scores.dtype} of shape {scores.shape} on {where}"
        return f"{returned}, expected floats in 1 to {MAX_WIDTH} columns"
    if not np.isfinite(scores).all():
        places = np.argwhere(~np.isfinite(scores))
        row, column = places[0]
        return (
            f"{what} returned {scores[row, column]} on {where}, in row {row}, column {column}; {len(places)} of "
            f"{scores.size} values are not finite"
        )
    most, largest = LARGEST_FEATURE if what == "encode" else LARGEST, float(np.abs(scores).max(initial=0))
    if largest > most:
        return f"{what} returned {largest:.3g} on {where}; divide it, to stay within {most:g}"
    return _fault_of_probabilities(scores, where) if what == "predict_proba" else ""


def _fault_of_probabilities(scores: NDArray[Any], where: str) -> str:
    sums = scores.sum(axis=1, dtype=np.float64)
    wrong = np.flatnonzero((scores.min(axis=1) < 0) | (np.abs(sums - 1) > TOLERANCE))
    if not len(wrong):
        return ""
    row = wrong[0]
    return (
        f"predict_proba returned no probabilities on {where}: row {row} is {scores[row].tolist()} and adds up to "
        f"{sums[row]:.4g}; return non-negative rows that add up to 1, or define predict"
    )


def _shape_hint(scores: NDArray[Any], count: int, width: int | None) -> str:
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
