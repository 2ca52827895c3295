"""Published metrics of methods on other data sets, and which of our methods they belong to."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.reading import read_text

PUBLISHED = Path(__file__).with_name("published_wga.csv")
WGA = "worst_group_acc"
FILE_BYTES = 1 << 20
SUBPOPBENCH = "SubpopBench protocol"

# SpurGen lacks the methods whose published names are not here. DANN is left out because it makes features blind to the
# environment, and our `adversarial` to the channels.
BASELINE_OF = {
    "BSoftmax": "bsoftmax", "CBLoss": "cb_loss", "CORAL": "coral", "CRT": "crt", "CVaRDRO": "cvar_dro", "CnC": "cnc",
    "DFR": "dfr", "DFR_Tr^Val": "dfr", "EIIL": "eiil", "ERM": "erm", "Focal": "focal", "GroupDRO": "group_dro",
    "IRM": "irm", "JTT": "jtt", "LDAM": "ldam", "LISA": "lisa", "LfF": "lff", "MMD": "mmd", "Mixup": "mixup",
    "ReSample": "resample", "ReWeight": "reweight", "ReWeightCRT": "reweight_crt", "SSA": "ssa", "SUBG": "subg",
    "SqrtReWeight": "sqrt_reweight", "VREx": "vrex",
}  # fmt: skip

NOT_THE_SAME = {SUBPOPBENCH: frozenset({"bsoftmax", "ldam", "irm", "mmd", "lisa", "lff", "dfr"})}
"""Our methods whose namesakes in a protocol are different algorithms. In SubpopBench's code (learning/algorithms.py)
balanced softmax and LDAM use the sizes of classes, which are all equal in v1, and ours the sizes of groups; IRM and MMD
compare the attribute's values, and ours environments, in which all values occur; LISA's pairs of one domain share the
attribute's value, and ours the alignment pattern; LfF weights by the losses of the batch, and ours, as its authors',
by losses averaged over time and relative to the class; DFR trains one head by gradient descent, and ours, as its
authors', averages L1 regressions on subsets."""


class PublishedMetric(BaseModel):
    """A published number, in per cent, with how the model was selected and the source of the number.

    `metric` is `worst_group_acc` or what the source reports instead. `err` is the source's own measure of spread, None
    if it gives none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    protocol: str = Field(min_length=1)
    method: str = Field(min_length=1)
    dataset: str = Field(min_length=1)
    metric: str = Field(min_length=1)
    value: float
    err: Annotated[float | None, BeforeValidator(lambda text: text or None)]
    selection: str
    source: str = Field(min_length=1)


class Source(NamedTuple):
    """A published table: its protocol, its data set, and how models were selected."""

    protocol: str
    dataset: str
    selection: str


Tables = dict[Source, dict[str, float]]


def read_published(path: Path = PUBLISHED) -> tuple[PublishedMetric, ...]:
    """Read all published metrics, in the file's order.

    Raises `SpurgenError` that names the file, the line and the column of an error.
    """
    try:
        lines = list(csv.DictReader(io.StringIO(read_text(path, FILE_BYTES, "the published metrics"), newline="")))
    except csv.Error as error:
        raise SpurgenError(f"cannot read the published metrics {path}: {error}; restore it or correct it") from None
    return tuple(_metric(path, number, fields) for number, fields in enumerate(lines, start=2))


def _metric(path: Path, number: int, fields: dict[str, str]) -> PublishedMetric:
    try:
        return PublishedMetric.model_validate(fields)
    except ValidationError as error:
        wrong = error.errors()[0]
        column = ".".join(map(str, wrong["loc"]))
        raise SpurgenError(f"{path}, line {number}, column {column}: {wrong['msg']}; correct the line") from None


def comparable_tables(published: Iterable[PublishedMetric]) -> Tables:
    """Return `worst_group_tables` of the methods that are the same as ours, not only by name."""
    return {
        source: {name: wga for name, wga in table.items() if name not in NOT_THE_SAME.get(source.protocol, ())}
        for source, table in worst_group_tables(published).items()
    }


def worst_group_tables(published: Iterable[PublishedMetric]) -> Tables:
    """Return published worst-group accuracies: source -> our method's name -> per cent.

    Methods that SpurGen lacks are left out, and so are other metrics. Raises `SpurgenError` if a table has two values
    for a method: it would be unclear which counts.
    """
    tables: Tables = {}
    for entry in published:
        if entry.metric == WGA and entry.method in BASELINE_OF:
            source, ours = Source(entry.protocol, entry.dataset, entry.selection), BASELINE_OF[entry.method]
            table = tables.setdefault(source, {})
            if ours in table:
                raise SpurgenError(f"published metrics: {', '.join(source)} has {ours} twice; delete one of the lines")
            table[ours] = entry.value
    return tables
