from xml.etree import ElementTree

from spurgen.harness.site.figures import Figures
from spurgen.harness.site.svg import picture, tag


def test_a_figure_file_is_whole_svg_in_light_colours():
    figures = Figures()
    assert figures.add("a", picture(10, 20, "a <label>", tag("path", d="M0 0", cls="bar"))) == "figures/a.svg"
    root = ElementTree.fromstring(figures.files["figures/a.svg"])
    assert (root.attrib["width"], root.attrib["height"]) == ("10", "20")
    style = root.find("{http://www.w3.org/2000/svg}style").text
    assert "--paper: #ffffff" in style
    assert "prefers-color-scheme" not in style
