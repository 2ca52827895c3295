import re

import pytest
from matplotlib import rcParams

from spurgen.harness.plots.style import SMALL, drawable, encode, fraction, new_figure, save, styled, wrapped


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
