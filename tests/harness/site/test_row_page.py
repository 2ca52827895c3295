import shutil
from dataclasses import replace

import pytest

from spurgen.benchmark.result import Report
from spurgen.benchmark.suite import load_suite
from spurgen.harness.results.store import SHIPPED
from spurgen.harness.site.build import build
from spurgen.harness.site.material import gather
from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.row_page import row_page

CURVES = tuple({"epoch": float(k), "val_accuracy": 0.5} for k in (1, 2))


@pytest.fixture
def with_odd_rows(tiny_file, tiny_results, make_outcome, keep_row, tmp_path):
    """The material of the tiny suite with rows that no board of ours would have."""
    suite, folder = load_suite(tiny_file), tmp_path / "results"
    shutil.copytree(tiny_results, folder)
    odd = {
        "unknown_tier": {"access": "everything", "report": Report(curves=CURVES)},
        "no_groups": {"groups": ()},
        "more_patterns": {"patterns": {"aa": 0.8, "ca": 0.8, "ac": 0.8, "cc": 0.8, "a": 0.8}},
    }
    for label, changes in odd.items():
        keep_row(folder, make_outcome(suite, 0.8, task="small-image", **changes), label=label)
    return gather(suite, folder)


def test_a_row_with_a_tier_counts_or_patterns_that_do_not_fit_has_a_page(with_odd_rows):
    files = build(with_odd_rows)
    page = {name: files[f"rows/{name}.html"].decode() for name in ("unknown_tier", "no_groups", "more_patterns")}
    assert "Access: <b><bdi>everything</bdi></b>" in page["unknown_tier"]
    assert "Not ranked: its counts per group do not follow from its samples" in page["no_groups"]
    assert "Not ranked: its task has no alignment pattern &#39;a&#39;" in page["more_patterns"]


def test_counts_of_failures_and_rules_of_selection_are_explained(tiny):
    page = build(tiny)["rows/erm.html"].decode()
    assert "a family counts if any value of the channel makes any wrong answer" in page
    assert "val_robust of the worst alignment pattern" in page


def test_tasks_are_in_the_order_of_the_suite_whatever_that_of_the_results(tiny):
    stored_backwards = {label: dict(reversed(of_tasks.items())) for label, of_tasks in tiny.rows.items()}
    parts = row_page(replace(tiny, rows=stored_backwards), Pictures(), "erm")["parts"]
    assert [part.name for part in parts] == list(tiny.suite.tasks)


def test_tasks_with_pictures_are_shown_first(tiny):
    found = row_page(tiny, Pictures(), "erm")
    assert [part.name for part in found["sections"]] == ["small-image", "small-both", "small-text"]


def test_failures_name_the_alternative_of_a_class_that_is_shown():
    material = gather(load_suite("v2"), SHIPPED)
    part = next(part for part in row_page(material, Pictures(), "erm")["parts"] if part.name == "composite-image")
    assert part.shortened
    for family in part.failures.shown:
        assert all(" / " in name and " / " not in short for name, short in family.short.items())
