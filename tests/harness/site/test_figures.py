from xml.etree import ElementTree

from spurgen.harness.site.figures import Figures
from spurgen.harness.site.overview import shown_board
from spurgen.harness.site.svg import picture, tag

SVG = "{http://www.w3.org/2000/svg}"


def test_a_figure_file_is_whole_svg_in_light_colours_without_variables():
    figures = Figures()
    assert figures.add("a", picture(10, 20, "a <label>", tag("path", d="M0 0", cls="bar"))) == "figures/a.svg"
    root = ElementTree.fromstring(figures.files["figures/a.svg"])
    assert (root.attrib["width"], root.attrib["height"]) == ("10", "20")
    style = root.find(f"{SVG}style").text
    assert ".bar { fill: #0b62b0;" in style
    assert "var(" not in style
    assert "prefers-color-scheme" not in style
    assert root.find(f"{SVG}rect").attrib["class"] == "ground"


def test_the_file_of_a_scatter_names_its_marks_and_all_its_rows(many):
    figures = Figures()
    shown = shown_board(many, figures, "pair-image")
    root = ElementTree.fromstring(figures.files[shown.file])
    texts = [node.text for node in root.iter(f"{SVG}text")]
    assert {"none", "val_groups", "train_groups", "ideal observer"} <= {*texts}
    assert {"ERM", "dfr", "group_dro"} <= {*texts}
