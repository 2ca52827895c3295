import re

import pytest

from spurgen.harness.site import marks


def test_a_scale_has_the_value_its_interval_and_an_open_mark():
    drawn = marks.scale(0.5, 0.4, 0.6, 1.0)
    assert re.findall(r'cx="([\d.]+)"', drawn) == ["104.0", "54.0"]
    assert 'd="M44.0 6.0H64.0"' in drawn
    assert "open" not in marks.scale(0.5, 0.4, 0.6, None)


def test_numbers_beyond_a_scale_stay_on_it():
    assert 'cx="104.0"' in marks.scale(1.2, -1, 3, None)
    assert 'height="26.0"' in marks.bar(7)


def test_a_bar_is_as_high_as_its_share():
    assert 'y="13.0"' in marks.bar(0.5)
    assert 'height="0.0"' in marks.bar(0)


@pytest.mark.parametrize(("values", "points"), [((0.0, 0.5, 1.0), 3), ((None, 0.5, 1.0), 2), ((None,) * 3, 0)])
def test_a_small_curve_leaves_out_what_is_missing(values, points):
    path = re.search(r'class="line" d="([^"]+)"', marks.spark((0, 8, 32), values))[1]
    assert path.count(" ") == max(points, 1)


def test_a_large_curve_has_axes_lines_with_their_classes_and_the_threshold():
    lines = [marks.Drawn("a", "own", (0.0, 0.5)), marks.Drawn("b", "first", (0.2, None))]
    drawn = marks.curve((0, 1024), lines, 0.75, "accuracy")
    assert ">1,024</text>" in drawn
    assert drawn.index('class="first"') < drawn.index('class="own"')  # drawn last, on top
    assert drawn.count("h0") == 3  # dots
    assert "dashed" in drawn
    assert 'aria-label="accuracy"' in drawn
    assert "dashed" not in marks.curve((0, 1024), lines, None, "")


def test_one_rung_is_drawn():
    assert "h0" in marks.curve((8,), [marks.Drawn("a", "own", (0.5,))], None, "")
    assert marks.spark((0,), (0.5,))
