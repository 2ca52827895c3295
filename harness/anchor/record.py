"""The anchor's results in one file: what made them, and a line per training."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError, model_validator

from spurgen.benchmark.errors import MissingError, SpurgenError, explain
from spurgen.benchmark.reading import read_json
from spurgen.benchmark.result import Environment
from spurgen.harness.machine.files import write_atomically

Options = dict[str, int | float]
Groups = Annotated[tuple[NonNegativeInt, ...], Field(min_length=4)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class AnchorResult(_Frozen):
    """One training: a method with these options on one world, whose name is `tuning` or its number.

    `score`: what selects settings, on val; empty where the training failed or a sanity check did. `correct`: correct
    test predictions by group; None where hyper-parameters are tuned, and where the training failed. `correlated` is
    False for the reference, which trains on balanced data.
    """

    method: str
    access: str
    world: str
    correlated: bool = True
    options: Options
    identity: str
    score: tuple[float, ...] = ()
    correct: Groups | None = None
    failed_checks: tuple[str, ...] = ()
    error: str | None = None
    seconds: float


class AnchorData(_Frozen):
    """The data set: what it is, how it was encoded, and how many samples every group has in train, val and test.

    Groups are 2 * class, plus 1 where the attribute conflicts with the class. `sampled`: whether every world has its
    own samples, drawn with the correlation; otherwise worlds differ in the training seed alone.
    """

    name: str
    class_names: tuple[str, ...]
    attribute: str
    values: tuple[str, ...]
    encoder: str
    sha256: str
    sampled: bool
    train: Groups
    val: Groups
    test: Groups


class AnchorFile(_Frozen):
    """All results on one data set; `left_out` names the methods without figures, and why."""

    schema_version: Literal[1] = 1
    data: AnchorData
    environment: Environment
    trials: int
    stretch: int
    left_out: dict[str, str] = {}
    results: tuple[AnchorResult, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for result in self.results:
            correct = result.correct or self.data.test
            if len(correct) != len(self.data.test) or any(k > n for k, n in zip(correct, self.data.test, strict=True)):
                raise ValueError(f"{result.method}, world {result.world}: correct is more than test has")
        return self


def read_anchor(path: Path) -> AnchorFile | None:
    """Read the results; None if there is no file. Raise `SpurgenError` if it is damaged or of another version."""
    try:
        return AnchorFile.model_validate(read_json(path, "the anchor's results"))
    except MissingError:
        return None
    except ValidationError as error:
        raise SpurgenError(f"cannot read the anchor's results {path}: {explain(error.errors())}; delete it") from None


def write_anchor(path: Path, content: AnchorFile) -> None:
    """Write the results, a line each."""
    about = content.model_dump_json(exclude={"results"}).removesuffix("}")
    lines = ",\n".join(result.model_dump_json(exclude_defaults=True) for result in content.results)
    write_atomically(path, f'{about},"results":[\n{lines}\n]}}\n')
