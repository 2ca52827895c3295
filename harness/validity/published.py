"""Published metrics of methods on other data sets, and which of our methods they belong to."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.reading import read_text

PUBLISHED = Path(__file__).with_name("published_wga.csv")
WGA = "worst_group_acc"
FILE_BYTES = 1 << 20
SUBPOPBENCH = "SubpopBench protocol"
JTT_LINE = "JTT-line, val group labels"  # JTT (Liu et al. 2021) and the papers that compare with it

# SpurGen lacks the methods whose published names are not here. DANN is left out because it makes features blind to the
# environment, and our `adversarial` to the channels.
BASELINE_OF = {
    "BSoftmax": "bsoftmax", "CBLoss": "cb_loss", "CORAL": "coral", "CRT": "crt", "CVaRDRO": "cvar_dro", "CnC": "cnc",
    "DFR": "dfr", "DFR_Tr^Val": "dfr", "EIIL": "eiil", "ERM": "erm", "Focal": "focal", "GroupDRO": "group_dro",
    "IRM": "irm", "JTT": "jtt", "LDAM": "ldam", "LISA": "lisa", "LfF": "lff", "MMD": "mmd", "Mixup": "mixup",
    "ReSample": "resample", "ReWeight": "reweight", "ReWeightCRT": "reweight_crt", "SSA": "ssa", "SUBG": "subg",
    "SqrtReWeight": "sqrt_reweight", "VREx": "vrex",
}  # fmt: skip

SEES = {
    SUBPOPBENCH: "group labels of train and val, where it uses them",
    JTT_LINE: "group labels of val, to select a model",
    "no group labels at all": "no group labels",
    "DFR paper Table 2": "group labels of val to select a model, and of train or val where it uses them",
    "Idrissi et al.": "group labels of val to select a model, and of train where it uses them",
    "WILDS Table 2": "group labels of val to select a model, and of train where it uses them",
}
"""Data besides labels that a method sees under each protocol."""

NOT_THE_SAME = {
    SUBPOPBENCH: {
        "bsoftmax": "goes by class sizes, which are all equal here; ours by group sizes",
        "ldam": "goes by class sizes, which are all equal here; ours by group sizes",
        "irm": "compares the attribute's values; ours environments, in which all values occur",
        "mmd": "compares the attribute's values; ours environments, in which all values occur",
        "lisa": "pairs samples that share the attribute's value; ours those that share the alignment pattern",
        "lff": "weights by the losses of the batch; ours, as its authors', by losses averaged over time, relative to "
        "the class",
        "dfr": "trains one head by gradient descent; ours, as its authors', averages L1 regressions on subsets",
    },
    "WILDS Table 2": {
        "irm": "compares groups of label and attribute; ours environments",
        "coral": "compares groups of label and attribute; ours environments",
    },
}
"""Our methods whose namesakes in a protocol are different algorithms, and how they differ (for SubpopBench by its code,
learning/algorithms.py)."""


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
    """A published table: its protocol, its data set, how models were selected, and where its numbers are from."""

    protocol: str
    dataset: str
    selection: str
    source: str

    @property
    def sees(self) -> str:
        """Data besides labels that a method sees under the protocol."""
        return SEES.get(self.protocol, "not stated")


Tables = dict[Source, dict[str, float]]


def read_published() -> tuple[PublishedMetric, ...]:
    """Read all published metrics, in the order of their file."""
    text = read_text(PUBLISHED, FILE_BYTES, "the published metrics")
    return tuple(map(PublishedMetric.model_validate, csv.DictReader(io.StringIO(text, newline=""))))


def comparable_tables(published: Iterable[PublishedMetric]) -> Tables:
    """Return `worst_group_tables` of the methods that are the same as ours, not only by name."""
    return {
        source: {name: wga for name, wga in table.items() if name not in NOT_THE_SAME.get(source.protocol, ())}
        for source, table in worst_group_tables(published).items()
    }


def worst_group_tables(published: Iterable[PublishedMetric]) -> Tables:
    """Return published worst-group accuracies of the methods that SpurGen has: source -> our name -> per cent.

    Raises `SpurgenError` if a table has two values for a method: it would be unclear which counts.
    """
    ours = [entry for entry in published if entry.method in BASELINE_OF]
    return published_tables(entry.model_copy(update={"method": BASELINE_OF[entry.method]}) for entry in ours)


def published_tables(published: Iterable[PublishedMetric]) -> Tables:
    """Return published worst-group accuracies: source -> published name -> per cent; other metrics are left out.

    Raises `SpurgenError` if a table has two values for a method: it would be unclear which counts.
    """
    tables: Tables = {}
    for entry in published:
        if entry.metric == WGA:
            source = Source(entry.protocol, entry.dataset, entry.selection, entry.source)
            table = tables.setdefault(source, {})
            if entry.method in table:
                which = ", ".join(source[:3])
                raise SpurgenError(f"published metrics: {which} has {entry.method} twice; delete one of the lines")
            table[entry.method] = entry.value
    return tables
