from dataclasses import replace

from spurgen.harness.site.build import build
from spurgen.harness.site.glance import glance
from spurgen.harness.statistics.estimate import Estimate


def test_a_line_has_accuracy_largest_reliance_and_the_difference_to_erm(tiny):
    found = glance(tiny, "group_dro")
    assert found.titles == ["Robust accuracy", "Largest reliance", "To ERM", "Rank", "Letter"]
    assert [line.name for line in found.lines] == ["both", *tiny.suite.tasks]
    assert [line.is_task for line in found.lines] == [False, True, True, True]
    row = next(row for row in tiny.board.tasks["small-image"].rows if row.submission == "group_dro")
    cells = next(line.cells for line in found.lines if line.name == "small-image")
    reliances = row.by_channel["reliance"]
    most = max(reliances, key=reliances.get)
    assert cells["Robust accuracy"].startswith(row.ranked_by.text())
    assert cells["Largest reliance"].startswith(f"{most} {reliances[most]:.2f}")
    low, high = row.against_erm.interval
    assert cells["To ERM"] == f"{row.against_erm.difference:+.3f} [{low:+.3f}, {high:+.3f}] better"


def test_a_reliance_that_would_be_printed_as_0_names_no_channel(tiny, monkeypatch):
    least = {"group_dro": Estimate(0.004, 0.001, 0.007)}
    monkeypatch.setattr(type(tiny), "estimates", lambda *_: least)
    line = next(line for line in glance(tiny, "group_dro").lines if line.name == "small-image")
    assert line.cells["Largest reliance"] == "none measurable"


def test_columns_that_no_line_fills_are_left_out(tiny):
    assert "To ERM" not in glance(tiny, "erm").titles
    assert "Note" not in glance(tiny, "erm").titles
    page = build(tiny)["rows/erm.html"].decode().partition("</table>")[0]
    assert "To ERM" not in page


def test_a_row_that_is_not_ranked_says_so(tiny):
    assert [line.cells["Note"] for line in glance(tiny, "gone").lines] == ["not ranked"]
    notes = [line.cells.get("Note", "") for line in glance(tiny, "short").lines]
    assert notes == ["", "few seeds", "few seeds"]


def test_without_a_metric_by_channel_there_is_no_largest_reliance(tiny):
    bare = replace(tiny)
    bare.__dict__["values"] = {name: NoValues() for name in tiny.board.tasks}
    assert "Largest reliance" not in glance(bare, "erm").titles


class NoValues:
    """The values of a task whose results lack every metric."""

    def of(self, *_):
        return None
