import re
from itertools import combinations

import numpy as np
import pytest
from matplotlib import rcParams

from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.plugins import BASELINES, names_in
from spurgen.harness.plots.style import (
    DARK,
    FAINT,
    METHODS,
    OTHER,
    SERIES,
    SMALL,
    TIERS,
    drawable,
    encode,
    fraction,
    look,
    new_figure,
    save,
    styled,
    wrapped,
)  # fmt: skip
from spurgen.harness.running.plan import baseline_specs
from spurgen.harness.worker.loading import load_submission

COLOURS = sorted({each.colour for each in (*METHODS.values(), *TIERS.values())})
PAPER = "#ffffff"
SEES = {
    "trichromat": np.eye(3),
    "deuteranope": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protanope": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}
"""Linear RGB as people see it (Machado, Oliveira & Fernandes 2009, severity 1)."""
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.119192, 0.9503041]]
)
APART = 25  # CIELAB 1976 (a just noticeable difference is 2.3); the colours before were 9 apart for a deuteranope
CONTRAST = 3.0  # of graphical objects with their ground (WCAG 2.2, 1.4.11)


def linear(colour):
    value = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(colour, seen):
    share = TO_XYZ @ (np.asarray(seen) @ linear(colour)).clip(0, 1) / TO_XYZ.sum(axis=1)
    x, y, z = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("who", SEES)
def test_colours_of_methods_are_told_apart_from_one_another_and_from_the_grey_of_the_others(who, dark):
    shown = [DARK[each] if dark else each for each in (*COLOURS, FAINT)]
    apart = {
        pair: np.linalg.norm(np.subtract(*(lab(each, SEES[who]) for each in pair))) for pair in combinations(shown, 2)
    }
    assert min(apart.values()) >= APART, min(apart, key=apart.get)


@pytest.mark.parametrize("dark", [False, True])
def test_colours_of_methods_contrast_with_the_page(dark):
    for colour in (*COLOURS, OTHER.colour):
        both = [TO_XYZ[1] @ linear(DARK[each] if dark else each) + 0.05 for each in (colour, PAPER)]
        assert max(both) / min(both) >= CONTRAST, colour


def test_a_named_method_has_a_look_of_its_own_in_the_colour_of_its_tier():
    assert METHODS.keys() <= set(names_in(BASELINES))
    assert len({*METHODS.values()}) == len(METHODS)
    assert len({(each.colour, each.mark) for each in METHODS.values()}) == len(METHODS)
    for name, each in METHODS.items():
        access = load_submission(baseline_specs([name])[0]).access
        assert name == "erm" or each.colour == TIERS[access].colour, name
    assert TIERS.keys() == ACCESS.keys()
    assert len({*SERIES}) == len(SERIES)
    assert look("mine", "envs") == TIERS["envs"]
    assert look("mine") == OTHER


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_a_figure_has_its_exact_size_and_the_same_bytes_each_time(kind):
    def draw():
        with styled():
            figure = new_figure(1, 1.5)
            figure.subplots().plot([0, 1], label="a$b")
        return encode(figure, kind)

    first = draw()
    assert first == draw()
    if kind == "svg":
        assert b'width="234pt"' in first
        assert b"<text" in first  # letters stay text
    assert not re.search(rb"20\d\d-\d\d-\d\d", first)


def test_the_style_ends_with_its_block():
    before = rcParams["font.size"]
    with styled():
        assert rcParams["xtick.labelsize"] == SMALL
    assert rcParams["font.size"] == before


def test_the_files_ending_names_the_format(tmp_path):
    save(new_figure(1, 1), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_strangers_name_is_one_line_of_known_letters():
    assert drawable("a\n漢b") == "a ?b"
    assert drawable("x" * 60) == "x" * 27 + "…"
    lines = wrapped("a method whose name is much too long for three lines of such a panel", 0.7).splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= 12
    assert lines[-1].endswith("…")


@pytest.mark.parametrize(("value", "text"), [(0.5, ".5"), (1.0, "1"), (-0.001, "0"), (-0.25, "-.25"), (12.0, "12")])
def test_fractions_are_short(value, text):
    assert fraction(value) == text
