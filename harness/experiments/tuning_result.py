"""What a sweep keeps: how each setting of a method did on validation data."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from spurgen.benchmark.checkpoint_rules import ValScore
from spurgen.benchmark.errors import SpurgenError, explain


class TuningResult(BaseModel):
    """How a method with some options did on one task's val; a failed job has `error` and no scores.

    `accuracy`, `worst` and `mean` (over groups) are on val; `worst` and `mean` are None where the
    method's access tier hides groups, so that nothing can select by them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    schema_version: Literal[1] = 1
    suite: str
    task: str
    method: str
    access: str
    options: dict[str, Any]
    seed: int
    identity: str
    accuracy: float | None = None
    worst: float | None = None
    mean: float | None = None
    broken: tuple[str, ...] = ()
    error: str | None = None
    seconds: float = 0.0

    @property
    def score(self) -> ValScore | None:
        """Score on val; None for a job that failed, or whose method failed a sanity check."""
        return None if self.accuracy is None or self.broken else ValScore(self.accuracy, self.worst, self.mean)


def read_tuning(path: Path) -> list[TuningResult]:
    """Read one method's results, a JSON record per line; none where there is no file.

    Raise `SpurgenError` that names file and line if one is not a record of this version.
    """
    if not path.exists():
        return []
    results = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            results.append(TuningResult.model_validate_json(line))
        except ValidationError as error:
            wrong = "; ".join(explain(error.errors()[:3]))
            raise SpurgenError(
                f"{path}, line {number} is not a result of this version: {wrong}; delete the line"
            ) from None
    return results
