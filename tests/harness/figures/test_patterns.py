from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.figures.patterns import draw_patterns


@pytest.mark.parametrize("columns", [1, 2])
def test_a_cell_is_the_accuracy_of_a_row_on_a_pattern(mains, columns, check_layout):
    figure = draw_patterns(mains[0], columns)
    texts = check_layout(figure)
    assert {"erm", "> short", "color", "background", "accuracy"} <= {*texts}
    image = figure.axes[0].images[0].get_array()
    order = ("aa", "ac", "ca", "cc")
    rows = image[~np.isnan(image.filled(np.nan)).all(axis=1)]  # the others have the names of access tiers
    assert np.allclose(rows, [[entry.patterns[p] for p in order] for entry in mains[0].entries])
    tiers = list(dict.fromkeys(f"access: {entry.access}" for entry in mains[0].entries))
    assert [text for text in texts if text in tiers] == tiers
    assert len(image) == len(rows) + len(tiers)
    assert f"{mains[0].entries[0].patterns['cc']:.2f}".removeprefix("0") in texts


def test_dots_are_full_where_a_channel_conflicts(mains):
    below = draw_patterns(mains[0], 1).axes[1]
    dots = [(line.get_markerfacecolor(), sorted(line.get_xdata())) for line in below.lines if line.get_marker() == "o"]
    color, background = dots[:2], dots[2:]  # patterns aa, ac, ca, cc: the first letter is that of color
    assert [places for _, places in color] == [[0, 1], [2, 3]]
    assert [places for _, places in background] == [[0, 2], [1, 3]]
    assert [face for face, _ in color] == ["white", "#1a1a1a"]


def test_numbers_are_dark_from_the_middle_of_the_scale_on(mains):
    entry = replace(mains[0].entries[0], patterns={"aa": 1.0, "ac": 0.5, "ca": 0.49, "cc": 0.0})
    numbers = draw_patterns(replace(mains[0], entries=[entry]), 2).axes[0].texts
    assert [text.get_color() for text in numbers] == ["black", "black", "white", "white"]


def test_numbers_are_left_out_where_they_have_no_room(mains):
    letters = [f"{k:06b}".translate(str.maketrans("01", "ac")) for k in range(64)]
    wide = [replace(entry, patterns=dict.fromkeys(letters, 0.5)) for entry in mains[0].entries]
    assert draw_patterns(replace(mains[0], entries=wide), 1).axes[0].texts[:] == []


def test_rows_without_patterns_make_no_heat_map(mains):
    with pytest.raises(ValueError, match="no row has accuracies by alignment pattern"):
        draw_patterns(replace(mains[0], entries=[replace(e, patterns={}) for e in mains[0].entries]))
