from itertools import pairwise

import numpy as np
import pytest
from drawing import layout

TEXT = "they say that their snapshot has a cup on a lime cross before a honeycombed wall"


def square(side, level=0):
    return np.full((side, side, 3), level, np.uint8)


@pytest.mark.parametrize("width", [60, 128, 400])
@pytest.mark.parametrize("strong", [(), ("honeycombed", "say")])
def test_lines_have_the_whole_text_and_as_many_words_as_fit(width, strong):
    lines = layout.wrap(TEXT, width, 14, strong)
    assert " ".join(word for line in lines for word in line) == TEXT

    def width_of(words):
        return sum(layout.font(14, word in strong).getlength(f"{word} ") for word in words) - layout.font(14).getlength(
            " "
        )

    for line, following in pairwise(lines):
        assert len(line) == 1 or width_of(line) <= width
        assert width_of([*line, following[0]]) > width


def test_text_is_legible_when_scaled_down():
    assert min(layout.LABEL, layout.TITLE) >= 13
    assert max(layout.SOFT) < 100
    strip = np.asarray(layout.write("honeycombed", 128))
    assert strip.min() <= max(layout.SOFT)
    inked = np.flatnonzero((strip < 128).all(axis=2).any(axis=1))
    assert np.ptp(inked) >= 10


def test_strong_words_are_darker_and_wider():
    plain, strong = (np.asarray(layout.write("the photo", 128, strong=words)) for words in ((), ("photo",)))
    assert strong.min() < plain.min()
    ends = [np.flatnonzero((strip < 128).all(axis=2).any(axis=0)).max() for strip in (plain, strong)]
    assert ends[0] < ends[1] < 128 - 8


def test_a_tile_shows_every_pixel_of_its_image():
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(layout.tile(pixels)), pixels)
    doubled = np.asarray(layout.tile(pixels, "a", scale=2))
    assert doubled.shape[1] == 16
    assert np.array_equal(doubled[:16:2, ::2], pixels)
    assert np.array_equal(doubled[1:16:2, 1::2], pixels)


@pytest.mark.parametrize(("count", "rows"), [(12, [6, 6]), (10, [5, 5]), (7, [4, 3]), (6, [6])])
def test_a_panel_fills_its_rows_evenly_beside_the_heading(count, rows):
    head = layout.tile(square(10, 255))
    sheet = np.asarray(layout.panel(head, [layout.tile(square(10))] * count, 7))
    dark = (sheet == 0).all(axis=2)
    assert not dark[:, : 10 + layout.GAP].any()
    pitch = 10 + layout.GAP
    assert [int(dark[k * pitch].sum()) // 10 for k in range(len(rows))] == rows
    assert sheet.shape[0] == len(rows) * pitch - layout.GAP


def test_a_sheet_has_a_margin():
    sheet = np.asarray(layout.framed([layout.tile(square(10)), layout.tile(square(20))]))
    assert sheet.shape == (30 + 3 * layout.GAP, 20 + 2 * layout.GAP, 3)
    dark = (sheet == 0).all(axis=2)
    assert dark.sum() == 500
    assert dark[layout.GAP : -layout.GAP, layout.GAP : -layout.GAP].sum() == 500
