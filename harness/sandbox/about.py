"""What a submission says of itself, checked: its process may send anything."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.worker.loading import LONGEST_NAME, MODALITIES, PARTS, PREDICTORS


def _require(fits: Callable[[Any], bool], told: str) -> AfterValidator:
    def check(value: Any) -> Any:  # noqa: ANN401
        if not fits(value):
            raise ValueError(told)
        return value

    return AfterValidator(check)


def _one_of(choices: Iterable[str]) -> AfterValidator:
    known = sorted(choices)
    return _require(lambda value: value in known, f"a word is none of {', '.join(known)}")


class About(BaseModel):
    """Holds what a submission says of itself, as its worker tells it; a stranger's process may tell anything."""

    model_config = ConfigDict(strict=True, extra="forbid")

    name: Annotated[
        str, Field(min_length=1, max_length=LONGEST_NAME), _require(str.isprintable, "name cannot be printed")
    ]
    access: Annotated[str, _one_of(ACCESS)]
    modalities: Annotated[list[Annotated[str, _one_of(MODALITIES)]], Field(min_length=1, max_length=len(MODALITIES))]
    offers: Annotated[
        list[Annotated[str, _one_of(PARTS)]],
        _require(lambda offers: any(part in offers for part in PREDICTORS), f"offers none of {', '.join(PREDICTORS)}"),
    ]
