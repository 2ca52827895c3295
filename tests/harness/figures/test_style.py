import re
import zlib

import pytest

from spurgen.harness.figures.style import drawable, encode, fraction, new_figure, paper_style


def figure(columns, text="x"):
    with paper_style():
        made = new_figure(columns, 2.0)
        made.subplots().set_xlabel(text)
    return made


@pytest.mark.parametrize(("columns", "points"), [(1, 234), (2, 486)])
def test_a_pdf_is_as_wide_as_its_columns_with_truetype_fonts_embedded(columns, points):
    pdf = encode(figure(columns), "pdf")
    box = [float(number) for number in re.search(rb"/MediaBox \[([^\]]+)\]", pdf)[1].split()]
    assert box == pytest.approx([0, 0, points, 144])
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf


def test_a_png_has_300_dots_per_inch_and_an_svg_its_text_as_paths():
    png = encode(figure(1), "png")
    assert int.from_bytes(png[16:20], "big") == 975
    svg = encode(figure(1), "svg").decode()
    assert "<svg " in svg
    assert "<text" not in svg


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_the_same_figure_gives_the_same_bytes_without_date_or_version(kind):
    first, second = (encode(figure(2), kind) for _ in range(2))
    assert first == second
    plain = first + b"".join(zlib.decompress(part) for part in streams(first) if kind == "pdf")
    assert not re.search(rb"CreationDate|<dc:date>|matplotlib v|Matplotlib v", plain)


def streams(pdf):
    return re.findall(rb"/FlateDecode.*?>>\nstream\n(.*?)\nendstream", pdf, re.DOTALL)


def test_a_strangers_text_is_shown_as_text_on_one_line():
    assert drawable("$x^2$\n\x1b[0m") == "$x^2$ ?[0m"
    assert drawable("漢a") == "?a"
    assert drawable("a" * 30, 10) == "a" * 9 + "…"
    encode(figure(1, drawable("$\\frac{$ %")), "pdf")  # no mathematics is parsed


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (-0.001, "0"), (0.5, ".5"), (-0.25, "-.25"), (1, "1"), (0.98, ".98"), (1.5, "1.5")]
)
def test_numbers_are_short(value, text):
    assert fraction(value) == text
