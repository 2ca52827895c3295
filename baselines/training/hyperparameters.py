"""Hyper-parameters: pydantic dataclasses whose fields state their range, their source and what a sweep draws."""

import dataclasses
from collections.abc import Mapping
from dataclasses import field, fields, replace
from typing import Any, Literal, TypeVar

from pydantic import ConfigDict, ValidationError
from pydantic.dataclasses import dataclass, is_pydantic_dataclass
from pydantic_core import ErrorDetails

from spurgen.benchmark.errors import SubmissionError

_DOMAINBED = "Gulrajani & Lopez-Paz 2021, appendix D (search range for small images)"
_STUDY = "chosen here: ERM on the uncorrelated signs world is saturated with it"
_EPOCHS = "chosen here: ERM on uncorrelated composite worlds is saturated after 3"
_BUDGET = "chosen here; tools/vary.py budget shows what more changes"
_LR = f"{_DOMAINBED}: default 1e-3; searched: see docs/methods.md; SubpopBench 10^U(-4, -2)"
_DECAY = "Loshchilov & Hutter 2019: AdamW; Sagawa et al. 2020: up to 1; searched: see docs/methods.md"
_L2 = "Sagawa et al. 2020: as much as balancing needs; searched: from the loss's optimum to underfitting"
_SELECTION = "Yang et al. 2023, section 4: the worst group; chosen here: the worst pattern, which has more samples"


Only = Literal["inputs", "features", "finetuned"]
"""Tasks on which a hyper-parameter counts: of images and captions, frozen features, or trained encoders."""
FINE_TUNING: Mapping[str, float] = {
    "epochs": 6, "batch_size": 32, "lr": 1e-4, "weight_decay": 0.01,
    "first_epochs": 1, "first_lr": 1e-4, "first_weight_decay": 0.01,
}  # fmt: skip
"""Values with which every method trains an encoder; a change of them raises `TRAINING_VERSION`.

Devlin et al. 2019, appendix A.3: lr 5e-5, 3e-5 or 2e-5, 2 to 4 epochs, batches of 16 or 32. Chosen here: a higher
lr and more epochs, since samples are few.
"""


@dataclasses.dataclass(frozen=True)
class Uniform:
    """Uniform distribution over [low, high]."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"uniform, {self.low:g} to {self.high:g}"

    def at(self, quantile: float) -> float:
        """Return the value at a quantile in [0, 1), rounded to two significant digits."""
        return _rounded(self.low + quantile * (self.high - self.low))


@dataclasses.dataclass(frozen=True)
class LogUniform:
    """Uniform distribution of the logarithm over [low, high], low > 0."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"log-uniform, {self.low:g} to {self.high:g}"

    def at(self, quantile: float) -> float:
        """Return the value at a quantile in [0, 1), rounded to two significant digits."""
        return _rounded(self.low * (self.high / self.low) ** quantile)


@dataclasses.dataclass(frozen=True)
class Choice:
    """Uniform distribution over a list of values."""

    values: tuple[float, ...]

    def __str__(self) -> str:
        return "one of " + ", ".join(f"{value:g}" for value in self.values)

    def at(self, quantile: float) -> float:
        """Return the value at a quantile in [0, 1)."""
        return self.values[int(quantile * len(self.values))]


Distribution = Uniform | LogUniform | Choice
"""Distribution of one hyper-parameter; as text its name and values, as documentation shows them."""


def _rounded(value: float) -> float:
    # A value that can be printed and typed; it also hides how a platform's power function rounds.
    return float(f"{value:.2g}")


def within(
    low: float,
    high: float,
    source: str,
    *,
    default: float,
    search: Distribution | None = None,
    only: Only | None = None,
) -> Any:  # noqa: ANN401
    """Return the field of a number: its range, both ends included, and its source.

    A sweep draws its values from `search`; without one it leaves the default. `only`: the tasks on which it counts.
    """
    return field(default=default, metadata={"ge": low, "le": high, "source": source, "search": search, "only": only})


def cited(source: str, *, default: str) -> Any:  # noqa: ANN401  # of the field's type
    """Return the field of a word whose type lists the choices, and its source. A sweep does not vary it."""
    return field(default=default, metadata={"source": source, "search": None, "only": None})


def redefined(parent: type["Recipe"], name: str, **changes: Any) -> Any:  # noqa: ANN401  # of the field's type
    """Return a field of `parent` with another `default`, or another `search`; its range and source stay."""
    (inherited,) = (entry for entry in fields(parent) if entry.name == name)
    default = changes.pop("default", inherited.default)
    return field(default=default, metadata={**inherited.metadata, **changes})


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid", validate_default=True))
class Recipe:
    """What every method needs to train a network; methods add fields, and give `Baseline` their tuned values.

    Subclasses are pydantic dataclasses too, so that a value of a wrong type or out of range is refused; whole numbers
    serve as floats. `selection` picks the epoch: `last`, `val_accuracy`, `val_wga`, `val_robust`, or `tier`, the best
    rule that the access tier allows: `val_robust` where it shows validation groups, else `val_accuracy`. On frozen
    features `epochs`, `lr` and `weight_decay` do not count; `budget` multiplies the steps, or if the loss is solved,
    iterations and exactness.
    """

    epochs: int = within(1, 100_000, _EPOCHS, default=6)
    batch_size: int = within(2, 4096, f"{_DOMAINBED}: default 64", default=64)
    lr: float = within(1e-6, 1.0, _LR, default=1e-3, search=LogUniform(2e-3, 1e-2), only="inputs")
    weight_decay: float = within(0.0, 10.0, _DECAY, default=1e-2, search=LogUniform(0.1, 3.0), only="inputs")
    l2: float = within(1e-9, 1.0, _L2, default=1e-5, search=LogUniform(1e-7, 1e-2), only="features")
    budget: int = within(1, 64, _BUDGET, default=1, only="features")
    feature_dim: int = within(4, 2048, _STUDY, default=128)
    selection: Literal["tier", "last", "val_accuracy", "val_wga", "val_robust"] = cited(_SELECTION, default="tier")


H = TypeVar("H", bound=Recipe)


def searched(hyper: Recipe, on: Only) -> dict[str, Distribution]:
    """Return the distributions of what a sweep varies on tasks of images and captions, or of frozen features."""
    counting = (entry for entry in fields(hyper) if entry.metadata["only"] in (on, None))
    return {entry.name: entry.metadata["search"] for entry in counting if entry.metadata["search"]}


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
