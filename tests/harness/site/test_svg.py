import pytest
from markupsafe import Markup

from spurgen.harness.site.svg import box, number, picture, tag


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (-0.01, "0"), (2.0, "2"), (1.26, "1.3"), (-3.5, "-3.5")])
def test_coordinates_are_short(value, text):
    assert number(value) == text


def test_text_and_attributes_are_escaped_and_markup_is_not():
    drawn = tag("text", "<b>", Markup("<i/>"), cls='"', aria_label="a&b", viewBox="0", x=None)
    assert drawn == '<text class="&#34;" aria-label="a&amp;b" viewBox="0">&lt;b&gt;<i/></text>'


def test_a_figure_has_a_description():
    figure = picture(10, 20, "what it shows", box(1, 2, 3, 4, "bar"))
    assert 'role="img" aria-label="what it shows"' in figure
    assert 'd="M1 2h3v4h-3z"' in figure
