"""What boards take from rows of results: metrics by unit, our own methods and their names, and which may be ranked.

A unit is a world where a task has several, a training seed where it has one. Every row is compared with the rows of our
own methods alone, so no submitted row affects another.
"""

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

import numpy as np

from spurgen.benchmark.plugins import BASELINES, names_in
from spurgen.benchmark.result import UNWRITTEN
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.generators.world import world_of
from spurgen.harness.board.columns import COLUMNS, Record
from spurgen.harness.board.schema import Unit
from spurgen.harness.machine.printing import failed_check, first_line
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.results.answered import contradiction
from spurgen.harness.results.identity import is_current_baseline, is_of_our_code
from spurgen.harness.results.rows import Rows, TaskRow
from spurgen.harness.results.store import label_of
from spurgen.harness.statistics.samples import AT_CHANCE, better_than_chance, effective_size
from spurgen.harness.statistics.units import ANY, Spread, fit_spread

RANKED_BY = "robust_accuracy"
ENDS = {key: column.ends for key, column in COLUMNS.items() if column.ends}
"""The lowest and highest value of every metric that has an interval."""


def unit_of(task: Task) -> Unit:
    """Return whether a result of a task stands for a world or for a training seed."""
    return "world" if task.scenario.worlds > 1 else "seed"


def groups_on_test(task: Task) -> Int64:
    """Return the groups of a task's test samples, int64 (n,): class times 2 ** channels, plus pattern.

    They are the same in every world, since test is balanced by design. On a rung a group is class times 2, plus whether
    shortcuts mislead.
    """
    scenario = task.in_world(0).scenario
    world, parts = world_of(scenario), scenario.layout(task.modality).grouped
    return np.concatenate([world.groups(task.channels, world.factors(part)) for part in parts])


def state_sizes(task: Task) -> dict[str, int]:
    """Return the `effective_size` of test in each accuracy where shortcuts agree, mislead or are neutral, by metric."""
    by_pattern = group_sizes(task).reshape(task.scenario.measured, -1).T
    agree, mislead = (effective_size(by_pattern[k]) for k in (0, -1))
    parts = task.scenario.layout(task.modality).averaged
    further = {name: task.scenario.parts[part] for name, part in parts.items() if name.startswith("accuracy_")}
    return {"accuracy_agree": agree, "accuracy_mislead": mislead, **further}


def group_sizes(task: Task) -> Int64:
    """Return the number of a task's test samples in every group, int64 (G,)."""
    return np.bincount(groups_on_test(task), minlength=task.num_groups)


def by_unit(row: TaskRow, metric: str) -> Float64 | None:
    """Return a row's metric by unit, float64 (W,), or None where a result lacks it.

    `metric`: a name of `Result.metric`; `contradiction` checks it against the stored answers.
    """
    try:
        return np.array([round(result.metric(metric), 12) for result in row.results])
    except KeyError:
        return None


def by_label(rows: Mapping[str, TaskRow], metric: str) -> dict[str, Float64]:
    """Return a metric by unit of every row that has it."""
    values = {label: by_unit(row, metric) for label, row in rows.items()}
    return {label: each for label, each in values.items() if each is not None}


def spread_of(metric: str, values: Mapping[str, Float64], baselines: Collection[str]) -> Spread:
    """Fit a metric's spread to the baselines' rows, in the order of their names; `values` by label, float64 (W,)."""
    kind = metric.partition("/")[0]
    known = [values[label] for label in sorted(baselines) if label in values]
    return fit_spread(known, ENDS.get(kind, ANY))


def is_baseline_row(row: TaskRow) -> bool:
    """Return whether all results are those of one of our methods, in its current version: by digests, not by names."""
    return all(map(is_current_baseline, row.results))


def rankable(suite: Suite, task: Task, rows: Mapping[str, TaskRow]) -> tuple[dict[str, TaskRow], dict[str, Record]]:
    """Divide a task's rows, by label, into rows that may be ranked and the lines of all others.

    Those whose metrics are believed have them.
    """
    ranked: dict[str, TaskRow] = {}
    unranked: dict[str, Record] = {}
    for label, row in rows.items():
        doubt = _misnamed(label, row) or not_believed(suite, task, row)
        reason = doubt or not_fit(task, row) or _unconfirmed(label, row)
        if doubt:
            unranked[label] = unranked_line(label, doubt, row)
        elif reason:
            means = {name: row.mean(name) for name in ("accuracy", "wga")}
            unranked[label] = unranked_line(label, reason, row) | means
        else:
            ranked[label] = row
    return ranked, unranked


def _misnamed(label: str, row: TaskRow) -> str | None:
    """Return the problem if a row is one of our methods under another name, or only has the name of one, else None.

    So a method's name on a board always means that method, and the method appears once.
    """
    result = row.results[0]
    if any(map(is_current_baseline, row.results)) and label != label_of(result.spec, result.options):
        return f"its results are those of the baseline {label_of(result.spec, result.options)}, under another name"
    if not is_baseline_row(row) and label in names_in(BASELINES):
        return (
            f"it has the name of the baseline {label}, but not the results of its current version; rename or rerun it"
        )
    return None


def _unconfirmed(label: str, row: TaskRow) -> str | None:
    """Return the problem if no fresh process ever recomputed a submission's answers, when scored or later, else None.

    A process that has answered every question may have learned from the questions. Our own code is trusted.
    """
    for result in row.results:
        if result.verification in UNWRITTEN:
            return (
                f"its answers were never confirmed by a freshly trained process: an earlier version stored them as "
                f"{result.verification}; score the model itself to rank it"
            )
        again = result.provenance.reproduction
        checks = result.provenance.consistency, again and again.consistency
        workers = {check.worker for check in checks if check}
        if "fresh" not in workers and not is_of_our_code(result):
            return (
                f"its answers were never confirmed by a freshly trained process (asked_again: "
                f"{min(workers, default='unknown')}); run "
                f"spurgen reproduce {quote(label)} --record --device cpu"
            )
    return None


def unranked_line(label: str, reason: str, row: TaskRow | None = None) -> Record:
    """Return the line of a row that is not ranked, without metrics; `row`: None for one on several tasks."""
    access, units = (row.results[0].access, len(row)) if row else (None, None)
    return {
        "ranked": False, "submission": label, "access": access, "units": units, "reason": reason, "accuracy": None,
        "wga": None,
    }  # fmt: skip


def not_believed(suite: Suite, task: Task, row: TaskRow) -> str | None:
    """Return why a row's metrics cannot be taken for its result on a task, or None."""
    if reason := failure(row):
        return reason
    frozen = suite.data_digest(task)
    for result in row.results:
        if (result.suite, result.task) != (suite.name, task.name):
            return f"scored as {result.task} of suite {result.suite}, which is not this task"
        if result.uncorrelated:
            return "a reference, trained without the correlations"
        if result.data_sha256 != frozen:
            return "scored on other data than this suite's; run it again"
    if len({result.submission_sha256 for result in row.results}) > 1:
        return "its results come from different versions of it; run it again"
    tiers = sorted({result.access for result in row.results})
    if len(tiers) > 1:
        return f"its results disagree on its access: {', '.join(tiers)}; run it again"
    return contradiction(task, row)


def failure(row: TaskRow) -> str | None:
    """Return the first seed with which a row failed, and how, or None."""
    for result in row.results:
        if result.error is not None:
            prefix = f"submission {result.spec}, task {result.task}: "
            return f"failed with seed {result.seed}: {first_line(result.error).removeprefix(prefix)}"
    return None


def not_fit(task: Task, row: TaskRow, seeds: Sequence[int] = ()) -> str | None:
    """Return why a row whose metrics are believed cannot be ranked, or None.

    `seeds`: those that it must have; by default 0, 1 and so on, as many as it has.
    """
    empty = bool(task.of) and not task.counterexamples  # a first-stage model finds nothing on such a rung
    for result in row.results:
        if result.report and result.report.failed_checks and not empty:
            return f"{failed_check(result.report.failed_checks)} (seed {result.seed})"
    if any(result.uses_generator for result in row.results):
        return "uses the generator: it knows how the data were made, which is more than a model can learn from them"
    if row.seeds != sorted(seeds or range(len(row))):
        has, expected = (", ".join(map(str, some)) for some in (row.seeds, sorted(seeds)))
        return f"incomplete: has the seeds {has}, expected {expected or 'all from 0 on'}; run or merge the others"
    return None if beats_chance(task, row) else AT_CHANCE


def beats_chance(task: Task, row: TaskRow) -> bool:
    """Return whether a row's mean test accuracy is significantly above chance.

    On a rung, that where shortcuts agree: of two classes, what only follows a shortcut is right in half of all samples.
    """
    grouped = task.scenario.layout(task.modality).grouped
    correct = int(np.mean([sum(result.groups[:: len(grouped)]) for result in row.results]))
    return better_than_chance(correct, task.scenario.parts[grouped[0]], task.num_classes)


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
