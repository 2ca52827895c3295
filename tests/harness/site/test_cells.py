import re

from spurgen.harness.site.cells import bar_cell, interval_cell, scale_of
from spurgen.harness.statistics.estimate import Estimate


def test_an_interval_is_drawn_where_its_ends_are():
    drawn = interval_cell(Estimate(0.5, 0.25, 0.75), 1.0)
    assert 'class="whisker" d="M16 8H48"' in drawn
    assert 'class="dot" cx="32"' in drawn
    assert 'class="ideal" d="M64 -1V17"' in drawn


def test_a_number_without_interval_or_ideal_observer_has_neither_line():
    drawn = interval_cell(Estimate(0.5), None)
    assert "whisker" not in drawn
    assert "ideal" not in drawn


def test_bars_are_cut_off_at_their_scale():
    assert re.search(r'class="bar" d="M0 3H48V', bar_cell(Estimate(0.9), None, 0.5))
    assert re.search(r'class="bar" d="M0 3H0V', bar_cell(Estimate(-0.2), None, 0.5))
    assert re.search(r'class="bar" d="M0 3H24V', bar_cell(Estimate(0.25), None, 0.5))


def test_the_ideal_observers_line_lies_below_the_bar_and_sticks_out_of_it():
    drawn = bar_cell(Estimate(0.25), 0.0, 0.5)
    assert drawn.index('class="ideal" d="M0 -1V17"') < drawn.index('class="bar" d="M0 3H24V13')


def test_the_scale_is_the_smallest_with_room_for_every_number():
    assert [scale_of(values) for values in ([0.02], [0.1, 0.2], [0.4], [0.9], [3.0], [])] == [0.1, 0.25, 0.5, 1, 1, 1]
