"""For how many epochs ERM was trained, and its robust accuracy with other numbers of epochs."""

from collections.abc import Sequence

import numpy as np

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.site.material import Material

Budgets = Sequence[tuple[int, float]]
"""Numbers of epochs, ascending, each with a robust accuracy."""


def budgets(material: Material, name: str) -> list[tuple[int, float]]:
    """Return ERM's robust accuracy by number of epochs, where `tools/entry.py` measured it: means over its worlds."""
    by_epochs: dict[int, list[float]] = {}
    for row in material.entries.values():
        for result in row[name].results if name in row else ():
            usual = set(result.options) <= {"epochs"} and not result.uncorrelated
            if result.submission == ERM and usual and result.report:
                value = result.metrics.get("robust_accuracy", np.nan)
                by_epochs.setdefault(len(result.report.curves), []).append(value)
    means = {epochs: float(np.mean(values)) for epochs, values in sorted(by_epochs.items())}
    return [(epochs, mean) for epochs, mean in means.items() if np.isfinite(mean)]


def trained_in_words(material: Material, tasks: Sequence[str]) -> str:
    """Return for how many epochs ERM was trained on some tasks, and what other numbers of epochs give if all have it.

    Empty if its results do not report the same number of epochs.
    """
    epochs = _epochs(material, tasks)
    if epochs is None:
        return ""
    said = f" It was trained for {epochs} epoch{'s' * (epochs > 1)}"
    others = _means([budgets(material, name) for name in tasks])
    if not any(number != epochs for number, _ in others):
        return f"{said}."
    by_number = ", ".join(f"{value:.2f} with {number}" for number, value in others)
    return f"{said}. By its number of epochs, on worlds that are not ranked, its robust accuracy is {by_number}."


def _epochs(material: Material, tasks: Sequence[str]) -> int | None:
    """Return the number of epochs that ERM's results on some tasks report; None if they differ or report none."""
    rows = [row for name in tasks if (row := material.baseline(ERM, name))]
    results = [result for row in rows for result in row.results]
    numbers = {len(result.report.curves) for result in results if result.error is None and result.report}
    return numbers.pop() or None if len(numbers) == 1 else None


def _means(of_tasks: Sequence[Budgets]) -> Budgets:
    """Return the means over tasks of the numbers of epochs that all of them have."""
    tables = [dict(each) for each in of_tasks]
    common = [number for number in tables[0] if all(number in table for table in tables)]
    return [(number, float(np.mean([table[number] for table in tables]))) for number in common]
