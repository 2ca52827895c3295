"""The rows of our own methods: every row is compared with these alone, so no submitted row affects another."""

from spurgen.harness.results.identity import is_current_baseline
from spurgen.harness.results.rows import TaskRow


def is_baseline_row(row: TaskRow) -> bool:
    """Return whether all results are those of one of our methods, in its current version: by digests, not by names."""
    return all(map(is_current_baseline, row.results))
