import re

import pytest

from spurgen.benchmark.result import Report
from spurgen.harness.site.charts import (
    ACROSS,
    LEFT,
    PANEL,
    SAMPLE,
    by_conflicts,
    curves,
    pattern_bars,
    shade,
    signed_bar,
)
from spurgen.harness.site.figures import STATIC

FIGURE_CSS = (STATIC / "figure.css").read_text()
TOP = 12.0  # of the first panel
PATTERNS = {"aa": 1.0, "ca": 0.9, "ac": 0.8, "cc": 0.2}


def test_bars_are_ordered_by_conflicts_and_the_lowest_is_outlined_in_the_colour_of_all():
    assert by_conflicts(PATTERNS) == ["aa", "ac", "ca", "cc"]
    drawn = pattern_bars(PATTERNS, ("color", "shape"))
    assert drawn.count('class="bar lowest"') == 1
    assert "fill" not in re.search(r"\.lowest \{(.*?)\}", FIGURE_CSS)[1]


def test_marks_below_bars_are_filled_where_a_channel_conflicts_and_its_name_is_beside_them():
    drawn = pattern_bars({"ac": 0.5}, ("color", "shape"))
    circles = re.findall(r'cy="([\d.]+)" r="3.6" class="(\w+)"', drawn)
    names = re.findall(r'y="([\d.]+)" class="tick" text-anchor="end">([a-z]+)<', drawn)
    assert [cls for _, cls in circles] == ["agree", "conflict"]
    assert [name for _, name in names] == ["color", "shape"]
    assert [float(y) - float(cy) for (cy, _), (y, _) in zip(circles, names, strict=True)] == [4, 4]
    assert re.search(r"\.conflict \{ fill: var\(--ink\)", FIGURE_CSS)


def test_bars_are_described_in_words():
    label = re.search(r'aria-label="([^"]+)"', pattern_bars(PATTERNS, ("color", "shape")))[1]
    assert label.startswith("Accuracy by alignment pattern. all agree: 1.00; shape conflicts: 0.80; ")
    assert label.endswith("color and shape conflict: 0.20")


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.55, 11), (0.88, 18), (0.99, 20), (1.0, 20), (-0.1, 0)])
def test_shades_are_twentieths(share, expected):
    assert shade(share) == expected


def test_curves_are_means_over_results_and_missing_where_none_are_reported(tiny):
    results = tiny.rows["erm"]["small-text"].results
    drawn = curves(results)
    assert "loss ends at 0.333; validation ends at 0.8" in drawn
    assert drawn.count(">Accuracy<") == drawn.count(">Loss<") == 1  # each on an axis of its own
    assert "val_accuracy" not in drawn
    silent = [result.model_copy(update={"report": Report()}) for result in results]
    assert curves(silent) is None
    short = Report(curves=results[0].report.curves[:1])
    early = [results[0].model_copy(update={"report": short}), *results[1:]]
    assert "validation ends at " in curves(early)  # an epoch that only some have is left out
    texts = Report(curves=({"epoch": 1.0, "note": "<b>"},))
    assert curves([result.model_copy(update={"report": texts}) for result in results]) is None


@pytest.mark.parametrize("values", [(-5.0, -3.0), (-2.0, 4.0), (0.0, 7.0)])
def test_curves_stay_within_their_panel(tiny, values):
    report = Report(curves=tuple({"epoch": float(k), "reward": value} for k, value in enumerate(values)))
    (first, *_) = tiny.rows["erm"]["small-text"].results
    drawn = curves([first.model_copy(update={"report": report})])
    heights = [float(y) for y in re.findall(r'cy="([\d.]+)"', drawn)]
    assert len(heights) == 2
    assert all(TOP <= y <= TOP + PANEL for y in heights)
    (zero,) = re.findall(r'y="([\d.]+)" class="tick" text-anchor="end">0<', drawn) or ["none"]
    assert (zero == "none") == (values[0] == -2.0)  # a tick is the least, the middle or the largest value


def test_a_piece_of_its_line_stands_before_the_name_of_a_curve(tiny):
    (first, *_) = tiny.rows["erm"]["small-text"].results
    report = Report(curves=tuple({"epoch": float(k), "val_accuracy": 0.5, "val_wga": 0.1} for k in (1, 2)))
    drawn = curves([first.model_copy(update={"report": report})])
    right = LEFT + ACROSS
    samples = re.findall(r'd="M([\d.]+) ([\d.]+)L([\d.]+) [\d.]+" class="curve (line-\d)"', drawn)
    beside = {y: cls for x, y, end, cls in samples if float(x) > right and float(end) - float(x) == SAMPLE}
    names = re.findall(r'x="([\d.]+)" y="([\d.]+)" class="strong">([\w ]+)<', drawn)
    assert [name for _, _, name in names] == ["validation", "worst group"]
    assert [beside[f"{float(y) - 4:g}"] for _, y, _ in names] == ["line-0", "line-1"]
    assert all(float(x) > right + SAMPLE for x, _, _ in names)


def test_numbers_over_bars_have_a_halo_in_the_colour_of_the_paper():
    assert pattern_bars(PATTERNS, ("color", "shape")).count('class="tick halo"') == len(PATTERNS)
    assert "paint-order: stroke; stroke: var(--paper)" in re.search(r"\.halo \{(.*?)\}", FIGURE_CSS)[1]


def test_a_negative_number_is_a_bar_to_the_left():
    assert re.search(r"H12V", signed_bar(-0.5, 1.0))
    assert re.search(r"H36V", signed_bar(0.5, 1.0))
