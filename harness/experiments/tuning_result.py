"""What a sweep keeps: one record per trial, on validation data only."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from spurgen.benchmark.checkpoint_rules import ValScore
from spurgen.benchmark.errors import SpurgenError, explain


class SweepTrial(BaseModel):
    """Holds how one setting of a method did on val; a failed trial has `error` and no scores.

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
        """Is the val score; None for a trial that failed, or did not do what its method promises."""
        return None if self.accuracy is None or self.broken else ValScore(self.accuracy, self.worst, self.mean)


def read_trials(path: Path) -> list[SweepTrial]:
    """Reads one method's trials, a JSON record per line; none where there is no file.

    Raises `SpurgenError` that names file and line if one is not a record of this version.
    """
    if not path.exists():
        return []
    trials = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            trials.append(SweepTrial.model_validate_json(line))
        except ValidationError as error:
            wrong = "; ".join(explain(error.errors()[:3]))
            raise SpurgenError(f"{path}, line {number} is no trial of this version: {wrong}; delete the line") from None
    return trials
