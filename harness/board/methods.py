"""Full names and descriptions of our own methods, from the docstrings of their modules."""

import ast
import re
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.results.rows import Rows, TaskRow

AS_IN_PAPERS = {
    "adversarial": "Adversarial", "bsoftmax": "BSoftmax", "cb_loss": "CBLoss", "cnc": "CnC",
    "contrastive": "NT-Xent, twins", "cvar_dro": "CVaR DRO", "focal": "Focal", "group_dro": "Group DRO", "lff": "LfF",
    "mixup": "Mixup", "resample": "Resample", "reweight": "Reweight", "reweight_crt": "ReweightCRT",
    "sqrt_reweight": "SqrtReweight", "vrex": "V-REx",
}  # fmt: skip
"""Short names that are not the label in capitals."""


def full_names(rows: Rows) -> dict[str, str]:
    """Return the full name by label, such as `Learning from failure`, of the rows of our own methods."""
    return {label: name for label, row in rows.items() if (name := method_name(row.values()))}


def paper_names(rows: Rows) -> dict[str, str]:
    """Return the short name by label, as papers have it, such as `LfF`, of the rows of our own methods."""
    return {label: in_papers(label) for label in full_names(rows)}


def in_papers(label: str) -> str:
    """Return the short name of one of our methods, as papers have it."""
    return AS_IN_PAPERS.get(label, label.upper())


def short_name(full: str) -> str:
    """Return a full name up to its first comma or ` by `."""
    return re.split(r", | by ", full, maxsplit=1)[0]


def method_name(row: Iterable[TaskRow]) -> str:
    """Return the full name of one of our methods; empty for any other row."""
    return re.split(r" \(|[:.]", about_method(row), maxsplit=1)[0]


def about_method(row: Iterable[TaskRow]) -> str:
    """Return what one of our methods does and its paper, as Markdown; empty for any other row."""
    parts = list(row)
    if not parts or not all(map(is_baseline_row, parts)):
        return ""
    return _docstring(parts[0].results[0].spec.partition(":")[0])


@cache
def _docstring(module: str) -> str:
    """Return the first paragraph of a module, and the second one if the first does not name a paper."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    text = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    first, *others = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    complete = ": " in first and re.search(r"\b\d{4}\b", first)
    return " ".join([first, *([] if complete else others[:1])])
