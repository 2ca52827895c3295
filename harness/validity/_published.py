"""What was published: the figures that others reached on other data sets, and which of our methods theirs are."""

import csv
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from spurgen.benchmark.errors import SpurgenError

PUBLISHED = Path(__file__).with_name("published_wga.csv")
WGA = "worst_group_acc"
SUBPOPBENCH = "SubpopBench protocol"

# A published name that is not here is a method that SpurGen lacks. DANN makes features blind to the
# environment, `adversarial` makes them blind to the channels: not the same, so it is left out.
BASELINE_OF = {
    "BSoftmax": "bsoftmax",
    "CBLoss": "cb_loss",
    "CORAL": "coral",
    "CRT": "crt",
    "CVaRDRO": "cvar_dro",
    "CnC": "cnc",
    "DFR": "dfr",
    "DFR_Tr^Val": "dfr",
    "EIIL": "eiil",
    "ERM": "erm",
    "Focal": "focal",
    "GroupDRO": "group_dro",
    "IRM": "irm",
    "JTT": "jtt",
    "LDAM": "ldam",
    "LISA": "lisa",
    "LfF": "lff",
    "MMD": "mmd",
    "Mixup": "mixup",
    "ReSample": "resample",
    "ReWeight": "reweight",
    "ReWeightCRT": "reweight_crt",
    "SSA": "ssa",
    "SUBG": "subg",
    "SqrtReWeight": "sqrt_reweight",
    "VREx": "vrex",
}

NOT_THE_SAME = {SUBPOPBENCH: frozenset({"bsoftmax", "ldam", "irm", "mmd", "lisa"})}
"""Maps protocols to those of our methods whose namesakes there are others. In SubpopBench's code
(learning/algorithms.py) balanced softmax and LDAM go by the sizes of classes, which are all equal in v1, and ours by
those of groups; IRM and MMD compare the attribute's values, and ours environments, in which all values occur; LISA's
pairs of one domain share the attribute's value, and ours what is aligned."""


class PublishedFigure(BaseModel):
    """Holds one published number, in per cent, with what chose the model and where the number stands.

    `metric` is `worst_group_acc` or what the source reports instead. `err` is the source's own
    measure of spread, None where it gives none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    protocol: str = Field(min_length=1)
    method: str = Field(min_length=1)
    dataset: str = Field(min_length=1)
    metric: str = Field(min_length=1)
    value: float
    err: float | None
    selection: str
    source: str = Field(min_length=1)

    @field_validator("err", mode="before")
    @classmethod
    def _none_if_empty(cls, value: object) -> object:
        return None if value == "" else value


def read_published(path: Path = PUBLISHED) -> tuple[PublishedFigure, ...]:
    """Reads all published figures, in the file's order.

    Raises `SpurgenError` that names the file, the line and the column of what is wrong.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SpurgenError(f"cannot read the published figures {path}: {error}; restore the file") from None
    return tuple(_figure(path, number, fields) for number, fields in enumerate(lines, start=2))


def _figure(path: Path, number: int, fields: dict[str, str]) -> PublishedFigure:
    try:
        return PublishedFigure.model_validate(fields)
    except ValidationError as error:
        wrong = error.errors()[0]
        column = ".".join(map(str, wrong["loc"]))
        raise SpurgenError(f"{path}, line {number}, column {column}: {wrong['msg']}; mend the line") from None


def comparable_tables(figures: Iterable[PublishedFigure]) -> dict[tuple[str, str, str], dict[str, float]]:
    """Is `worst_group_tables` of the methods that are the same as ours, not only by their name."""
    return {
        place: {name: wga for name, wga in table.items() if name not in NOT_THE_SAME.get(place[0], ())}
        for place, table in worst_group_tables(figures).items()
    }


def worst_group_tables(figures: Iterable[PublishedFigure]) -> dict[tuple[str, str, str], dict[str, float]]:
    """Gathers worst-group accuracies: (protocol, data set, selection rule) -> our method's name -> per cent.

    Methods that SpurGen lacks are left out, and so are other metrics. Raises `SpurgenError` where one
    table has two figures for a method, for then neither counts.
    """
    tables: dict[tuple[str, str, str], dict[str, float]] = {}
    for figure in figures:
        if figure.metric == WGA and figure.method in BASELINE_OF:
            place, ours = (figure.protocol, figure.dataset, figure.selection), BASELINE_OF[figure.method]
            table = tables.setdefault(place, {})
            if ours in table:
                raise SpurgenError(f"published figures: {', '.join(place)} has {ours} twice; keep one of the lines")
            table[ours] = figure.value
    return tables
