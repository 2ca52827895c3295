"""The checkpoint that a submission selected, in the rows that come with SpurGen."""

from spurgen.benchmark.suite import SUITES
from spurgen.harness.results.store import SHIPPED, Store


def test_the_rule_by_which_a_method_selects_picks_the_checkpoint_that_was_scored():
    rows = [row for path in SUITES.glob("*.toml") for row in Store(SHIPPED, path.stem).rows().values()]
    results = [
        result for row in rows for part in row.values() for result in part.results
        if result.report and result.report.selection in result.rules
    ]  # fmt: skip
    assert results
    differ = {
        f"{result.submission} {result.task} {result.seed}" for result in results
        if result.rules[result.report.selection]["accuracy"] != result.metrics["accuracy"]
    }  # fmt: skip
    assert not differ
