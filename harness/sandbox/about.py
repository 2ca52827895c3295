"""A submission's description of itself, validated: its process may send anything."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.worker.loading import LONGEST_NAME, MODALITIES, PARTS, PREDICTORS


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
