"""Results of tuning: the validation scores of each setting of a method, a JSON line each."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from spurgen.benchmark.checkpoint_rules import ValScore
from spurgen.benchmark.errors import MissingError, SpurgenError, explain
from spurgen.benchmark.reading import parse_json, read_text
from spurgen.harness.machine.files import locked, write_atomically

FILE_BYTES = 1 << 25
Options = dict[str, int | float]


class TuningResult(BaseModel):
    """The validation scores of a method with these options on one task; a failed job has `error` and no scores.

    `accuracy`, `worst` and `mean` (over groups) and `robust` (worst alignment pattern) are on val; all except
    `accuracy` are None where the method's access tier hides groups, so that nothing can select by them. `loss`, known
    on rungs, is the mean cross-entropy on val in nats: it breaks ties of accuracies over few samples. `failed_checks`
    names the sanity checks that failed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    schema_version: Literal[2] = 2
    suite: str
    task: str
    method: str
    access: str
    options: Options
    seed: int
    identity: str
    accuracy: float | None = None
    worst: float | None = None
    mean: float | None = None
    robust: float | None = None
    loss: float | None = None
    failed_checks: tuple[str, ...] = ()
    error: str | None = None
    seconds: float = 0.0

    @property
    def score(self) -> ValScore | None:
        """Score on val; None for a job that failed, or whose method failed a sanity check."""
        if self.accuracy is None or self.failed_checks:
            return None
        return ValScore(self.accuracy, self.worst, self.mean, self.robust)


def results_file(folder: Path, suite: str, method: str) -> Path:
    """Return the path of a method's results: folder/suite/method.jsonl."""
    return folder / suite / f"{method}.jsonl"


def read_tuning(path: Path) -> list[TuningResult]:
    """Read one method's results; none if there is no file.

    Raise `SpurgenError` that names file and line if a line is not a result of this version.
    """
    try:
        lines = read_text(path, FILE_BYTES).splitlines()
    except MissingError:
        return []
    return [_result(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1)]


def _result(line: str, where: str) -> TuningResult:
    try:
        return TuningResult.model_validate(parse_json(line))
    except ValidationError as error:
        wrong = explain(error.errors())
    except ValueError as error:
        wrong = str(error)
    raise SpurgenError(f"{where} is not a result of this version: {wrong}; delete the line")


def add_result(path: Path, result: TuningResult) -> None:
    """Add a result to its method's file, in place of an older one of the same setting; whole or not at all.

    Other processes that add one wait.
    """
    same = ("task", "options", "seed")
    with locked(path.parent):
        others = [r for r in read_tuning(path) if any(getattr(r, name) != getattr(result, name) for name in same)]
        write_atomically(path, "".join(f"{r.model_dump_json()}\n" for r in [*others, result]))
