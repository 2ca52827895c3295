"""Hyper-parameters: pydantic dataclasses whose fields state their range, their source and what a sweep tries."""

from collections.abc import Mapping
from dataclasses import field, fields, replace
from typing import Any, Literal, TypeVar

from pydantic import ConfigDict, ValidationError
from pydantic.dataclasses import dataclass, is_pydantic_dataclass
from pydantic_core import ErrorDetails

from spurgen.benchmark.errors import SubmissionError

_DOMAINBED = "Gulrajani & Lopez-Paz 2021, appendix D (search range for small images)"
_STUDY = "chosen here: ERM on the uncorrelated signs world is saturated after it"


def within(low: float, high: float, source: str, *, search: tuple[float, ...] = ()) -> dict[str, Any]:
    """Return the metadata of a number: its range, both ends included, its source, and the values a sweep tries."""
    return {"ge": low, "le": high, "source": source, "search": search}


def cited(source: str) -> dict[str, Any]:
    """Return the metadata of a word whose type lists the choices: their source. A sweep does not vary it."""
    return {"source": source, "search": ()}


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid", validate_default=True))
class Recipe:
    """What every method needs to train a network; methods add fields or change defaults.

    Subclasses are pydantic dataclasses too, so that a value of a wrong type or out of range is refused; whole numbers
    serve as floats. `selection` picks the epoch: `last`, `val_accuracy`, `val_wga`, or `tier`, the best rule that the
    access tier allows: `val_wga` where it shows validation groups, else `val_accuracy`.
    """

    epochs: int = field(default=3, metadata=within(1, 1000, _STUDY))
    batch_size: int = field(default=64, metadata=within(2, 4096, f"{_DOMAINBED}: default 64"))
    lr: float = field(
        default=1e-3, metadata=within(1e-6, 1.0, f"{_DOMAINBED}: default 1e-3", search=(1e-3, 2e-3, 4e-3))
    )
    weight_decay: float = field(
        default=1e-2,
        metadata=within(
            0.0, 10.0, "Loshchilov & Hutter 2019: AdamW; Sagawa et al. 2020: .1 to 1", search=(1e-2, 0.1, 1.0)
        ),
    )
    feature_dim: int = field(default=128, metadata=within(4, 2048, _STUDY))
    selection: Literal["tier", "last", "val_accuracy", "val_wga"] = field(
        default="tier", metadata=cited("Gulrajani & Lopez-Paz 2021, section 3; Yang et al. 2023, section 4")
    )


H = TypeVar("H", bound=Recipe)


def check(name: str, hyper: Recipe) -> None:
    """Raise `SubmissionError` if the class of `hyper` is a plain dataclass, which would not validate its values."""
    if not is_pydantic_dataclass(type(hyper)):
        raise SubmissionError(
            f"{name}: {type(hyper).__name__} does not validate its values; decorate it with dataclass(frozen=True) "
            "from pydantic.dataclasses"
        )


def override(name: str, hyper: H, options: Mapping[str, Any]) -> H:
    """Return `hyper` with `options` in place of its values.

    Raises `SubmissionError` for an option that the method does not have, or for a bad value.
    """
    known = {entry.name: entry for entry in fields(hyper)}
    for option in options:
        if option not in known:
            raise SubmissionError(f"{name} has no option {option!r}; choose from {', '.join(known)}")
    try:
        return replace(hyper, **options)
    except ValidationError as error:
        problems = (_explain(detail, known[str(detail["loc"][0])].metadata) for detail in error.errors())
        raise SubmissionError(f"{name}: {'; '.join(problems)}") from None


def _explain(detail: ErrorDetails, metadata: Mapping[str, Any]) -> str:
    value = f"{detail['loc'][0]} = {detail['input']!r}"
    if detail["type"] in ("greater_than_equal", "less_than_equal"):
        return f"{value} must lie in [{metadata['ge']}, {metadata['le']}]"
    return f"{value}: {detail['msg'][0].lower()}{detail['msg'][1:]}"
