import re
from dataclasses import replace
from itertools import pairwise

import pytest

from spurgen.harness.site.boards import board_view
from spurgen.harness.site.scatter import APART, MOST_NAMED, scatter, spread


def strong(drawing):
    return re.findall(r'class="strong">([^<]+)<', drawing)


def test_the_ticks_of_accuracy_are_multiples_of_a_tenth(tiny):
    drawing = scatter(tiny, board_view(tiny, "small-image"))
    ticks = re.findall(r'class="tick" text-anchor="middle">([\d.]+)<', drawing)
    assert len(ticks) > 5
    assert all(re.fullmatch(r"[01]\.\d", tick) for tick in ticks)
    assert ticks[-1] == "1.0"


def test_every_row_is_named_unless_they_are_too_many(tiny):
    view = board_view(tiny, "small-text")
    few = view.lines
    assert len(few) <= MOST_NAMED
    assert {"ERM", "dfr", "jtt", "resample", "short"} <= {*strong(scatter(tiny, view))}
    crowded = replace(view, tiers=[replace(tier, lines=[*tier.lines] * 6) for tier in view.tiers])
    names = strong(scatter(tiny, crowded))
    assert {"ERM", "dfr"} <= {*names}
    assert "jtt" not in names


def test_rows_with_few_units_have_open_marks_and_are_the_best_of_no_tier(tiny):
    view = board_view(tiny, "small-text")
    drawing = scatter(tiny, view)
    assert len(re.findall(r'<g[^>]*class="few"', drawing)) == sum(not line.row.ranks for line in view.lines) > 0
    unranked = [replace(line, row=replace(line.row, ranks=None)) for line in view.lines]
    crowded = replace(view, tiers=[replace(view.tiers[0], lines=unranked * 3)])
    assert {"ERM", "ideal observer"} <= {*strong(scatter(tiny, crowded))}
    assert not {"mixup", "focal"} & {*strong(scatter(tiny, crowded))}


def test_submissions_are_named_and_erm_is_drawn_above_the_others(tiny):
    view = board_view(tiny, "small-text")
    crowded = replace(view, tiers=[replace(tier, lines=[*tier.lines] * 3) for tier in view.tiers])
    drawing = scatter(tiny, crowded)
    assert "short" in strong(drawing)  # no baseline, and the best of no tier
    groups = re.findall(r'<g[^>]*transform="translate[^>]*>.*?</g>', drawing)
    kinds = ["erm" in re.match(r"<g[^>]*>", group)[0] for group in groups if "<title>" in group]
    assert sorted(kinds) == kinds
    assert any(kinds)


def test_a_tier_that_the_contract_does_not_have_is_in_the_legend(tiny):
    view = board_view(tiny, "small-text")
    tier = view.tiers[0]
    lines = [replace(line, row=replace(line.row, access="all")) for line in tier.lines]
    assert ">other<" in scatter(tiny, replace(view, tiers=[replace(tier, lines=lines)]))


@pytest.mark.parametrize("places", [[], [5.0], [0.0, 0.0, 1.0, 99.0, 100.0, 100.0], [100.0] * 5])
def test_labels_neither_overlap_nor_leave_the_frame(places):
    moved = spread(places, 0, 100)
    assert len(moved) == len(places)
    assert all(later - earlier >= APART for earlier, later in pairwise(moved))
    assert all(0 <= place <= 100 for place in moved)
