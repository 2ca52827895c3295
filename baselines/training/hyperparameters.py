"""Hyper-parameters that know their range and where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from spurgen.benchmark.checkpoint_rules import RULES
from spurgen.benchmark.errors import SubmissionError

_DOMAINBED = "Gulrajani & Lopez-Paz 2021, appendix D (search range for small images)"
_STUDY = "chosen here: ERM on the uncorrelated signs world is saturated after it"


def within(low: float, high: float, source: str, *, search: tuple[float, ...] = ()) -> dict[str, Any]:
    """Is the metadata of a hyper-parameter: its range, both ends included, its source, and what a sweep tries."""
    return {"range": (low, high), "source": source, "search": search}


def among(choices: tuple[str, ...], source: str) -> dict[str, Any]:
    """Is the metadata of a hyper-parameter that is a word: the choices and their source; no sweep tries them."""
    return {"choices": choices, "source": source, "search": ()}


@dataclass(frozen=True)
class Recipe:
    """Holds what every method needs to train a network; methods add fields or change defaults.

    `selection` picks the epoch: `last`, `val_accuracy`, `val_wga`, or the best that the `tier`
    allows, `val_wga` where it shows validation groups and else `val_accuracy`.
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
    selection: str = field(
        default="tier",
        metadata=among(("tier", *RULES), "Gulrajani & Lopez-Paz 2021, section 3; Yang et al. 2023, section 4"),
    )


H = TypeVar("H", bound=Recipe)


def check(name: str, hyper: Recipe) -> None:
    """Raises `SubmissionError` when a value has the wrong type or lies outside its range."""
    for entry in fields(hyper):
        value, expected = getattr(hyper, entry.name), type(entry.default)
        if type(value) is not expected:
            raise SubmissionError(f"{name}: {entry.name} = {value!r} must be of type {expected.__name__}")
        if isinstance(value, str):
            if value not in entry.metadata["choices"]:
                raise SubmissionError(f"{name}: {entry.name} = {value!r}; choose from {entry.metadata['choices']}")
            continue
        low, high = entry.metadata["range"]
        if not low <= value <= high:  # also catches NaN
            raise SubmissionError(f"{name}: {entry.name} = {value!r} must lie in [{low}, {high}]")


def override(name: str, hyper: H, options: Mapping[str, object]) -> H:
    """Returns `hyper` with `options` in place of its values; whole numbers serve as floats.

    Raises `SubmissionError` on an option that the method does not have, or on a bad value.
    """
    known = {entry.name: entry for entry in fields(hyper)}
    for option in options:
        if option not in known:
            raise SubmissionError(f"{name} has no option {option!r}; choose from {', '.join(known)}")
    values: dict[str, Any] = {
        option: float(value) if type(value) is int and isinstance(known[option].default, float) else value
        for option, value in options.items()
    }
    changed = replace(hyper, **values)
    check(name, changed)
    return changed
