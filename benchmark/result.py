"""The result of one job: what one submission reached on one task with one training seed."""

from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from spurgen.benchmark.world import MAX_SAMPLES, Name

SCHEMA_VERSION: Final = 2
UNWRITTEN = ("answers only", "private")  # verifications that only earlier versions wrote
LONGEST_NAME = 100  # of a sanity check or a selection rule
LARGEST = 2.0**22  # of a sample: 22 bits before the point, 24 behind it and 7 for a sum fit a float64
GONE = ("patterns", "rules")  # fields that only earlier versions wrote
MetricName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", max_length=64)]
Number = Annotated[float, Field(ge=-1e12, le=1e12)]  # so that no sum of them overflows
Metrics = dict[MetricName, Number]
Count = Annotated[int, Field(ge=0, le=MAX_SAMPLES)]
SampleArrays = dict[str, NDArray[Any]]
"""What a job measured per test sample.

`correct`, bool (n,); `predicted`, uint8 (f, c), the classes that it predicts for base samples and their twins; and
real (m,) arrays over the base samples.
"""


def _printable(name: str) -> str:
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"expected at most {LONGEST_NAME} printable characters")
    return name


ReportName = Annotated[str, AfterValidator(_printable)]
"""A name that a submission chose, on one line and without escape sequences, since commands print it."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Report(_Frozen):
    """A submission's own report on its training; unlike the metrics, it is not measured.

    `curves` has an entry per stage and epoch. `checks` maps sanity checks to whether they passed; a failed one unranks
    the row. `selection` names the rule that picked the weights.
    """

    curves: tuple[dict[str, float | str], ...] = ()
    checks: dict[ReportName, bool] = {}
    selection: ReportName | None = None

    @property
    def failed_checks(self) -> list[str]:
        """Names of the sanity checks that failed."""
        return [name for name, passed in self.checks.items() if not passed]


class Environment(_Frozen):
    """The software, machine and limits that a result was made with."""

    python: str
    machine: str
    packages: dict[str, str]
    spurgen: str
    commit: str | None = None
    dirty: bool | None = None
    device: str = "cpu"
    gpu: str | None = None
    limits: dict[str, float] = {}


class ConsistencyCheck(_Frozen):
    """How a random sample of predictions was recomputed: by which worker, how many, and how far they moved.

    `worker` is `fresh` for a second process, `same` for the process that was queried before. `moved` is in units of the
    tolerance.
    """

    worker: str
    rows: int = 0
    moved: float = 0.0


class Reproduction(_Frozen):
    """When and where a result was made again, how well it matched, and that run's own consistency check."""

    verdict: str
    isolation: str
    finished: str
    order_seed: int | None = None
    consistency: ConsistencyCheck | None = None
    environment: Environment


class Provenance(_Frozen):
    """When, where and with what a result was made.

    `seconds` are wall time, by step. `order_seed` drew the order of the queries. `warnings` were raised by our code.
    """

    finished: str
    environment: Environment
    seconds: dict[str, Number] = {}
    peak_memory_bytes: int | None = None
    order_seed: int | None = None
    consistency: ConsistencyCheck | None = None
    reproduction: Reproduction | None = None
    warnings: tuple[str, ...] = ()

    @property
    def total_seconds(self) -> float:
        """Wall time of all steps."""
        return sum(self.seconds.values())


class Result(_Frozen):
    """One job's outcome.

    `identity` is the digest of everything that the metrics depend on. `metrics` are over the whole task, `channels` per
    channel, `groups` the number of correct test predictions per group. `uses_generator`: whether the submission imports
    the generators, or declares that it uses them. `verification`: one of `UNWRITTEN` unranks the row. `uncorrelated`
    marks a reference trained without the correlations, which is on no leaderboard, and `matched` one of these with only
    as many samples as its rung has counterexamples; `draw` counts disjoint draws of them. A failed job has `error` and
    no metrics.
    """

    suite: str
    task: str
    submission: str
    spec: Annotated[str, Field(pattern=r"^[^\x00]+$", max_length=4096)]
    options: dict[str, JsonValue]
    access: Name
    uses_generator: bool = False
    seed: int = Field(ge=0, lt=2**63)
    uncorrelated: bool = False
    matched: bool = False
    draw: int = Field(default=0, ge=0)
    identity: str
    submission_sha256: str
    data_sha256: str
    isolation: str
    verification: Literal["answers only", "self-reported", "re-run", "private"] = "self-reported"
    error: str | None = None
    metrics: Metrics = {}
    channels: dict[Name, Metrics] = {}
    groups: tuple[Count, ...] = ()
    report: Report | None = None
    provenance: Provenance

    @model_validator(mode="before")
    @classmethod
    def _as_earlier_versions_wrote(cls, fields: Any) -> Any:  # noqa: ANN401  # it is not validated yet
        """Drop fields that only earlier results have: accuracies by alignment pattern, and by selection rule."""
        return {k: v for k, v in fields.items() if k not in GONE} if isinstance(fields, dict) else fields

    def metric(self, name: str) -> float:
        """Return a metric by its name, or a channel's as `<metric>/<channel>`."""
        metric, _, channel = name.partition("/")
        return self.channels[channel][metric] if channel else self.metrics[metric]


def round_samples(samples: SampleArrays) -> SampleArrays:
    """Return the samples as they are stored: bool, uint8, or reals rounded to float16, above 65504 to whole numbers.

    A sum of such reals over up to 128 seeds is exact. Raise `ValueError` for a number that is not finite or above
    2**22.
    """
    kept = (np.bool_, np.uint8)
    return {name: values if values.dtype in kept else _rounded(name, values) for name, values in samples.items()}


def _rounded(name: str, values: NDArray[Any]) -> NDArray[np.float64]:
    reals = values.astype(np.float64)
    if not (np.abs(reals) <= LARGEST).all():
        worst = reals[~(np.abs(reals) <= LARGEST)][0]
        raise ValueError(f"samples of {name}: {worst}, expected finite numbers of at most {LARGEST:.3g}")
    large = np.abs(reals) > np.finfo(np.float16).max
    small = np.where(large, 0.0, reals).astype(np.float16).astype(np.float64)
    rounded: NDArray[np.float64] = np.where(large, np.round(reals), small)
    return rounded
