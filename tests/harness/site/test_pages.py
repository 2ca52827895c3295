import re
from dataclasses import replace

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.site.pages import _asks, _often, _twins, ladder_page, row_page
from spurgen.harness.site.render import page
from spurgen.harness.site.scenes import Scenes

ABOUT = {"suite": "v9", "suite_spoken": "v9", "digest": "", "nav": [], "here": "", "shipped": True}


def test_a_page_calls_a_ladder_and_a_rank_by_their_names(steps_site):
    for name in ("index.html", "ladders/index.html", "ladders/few-text.html", "rows/erm.html"):
        text = re.sub(r"<(style|code|pre)\b.*?</\1>|<[^>]*>", " ", (steps_site / name).read_text(), flags=re.DOTALL)
        assert not re.findall(r"\b[Tt]asks?\b|\bPlaces?\b", text), name


def test_the_pages_of_one_rung_have_tables_and_no_chart(steps_material, climb):
    one = replace(climb, rungs=climb.rungs[1:2], boards=climb.boards[1:2])
    material = replace(steps_material)
    material.__dict__["ladders"] = {"few-text": one}
    task = ladder_page(material, Scenes(), None, "few-text")  # it begins no figure
    assert task["curve"] is None
    row = page("row.html.j2", "", ABOUT | row_page(material, Scenes(), None, "erm"))
    for text in (page("ladder.html.j2", "", ABOUT | task), row):
        assert '<table class="rungs">' in text
        assert 'class="figure"' not in text
    assert "With more counterexamples" not in row
    assert "With 4 counterexamples in training: when all shortcuts" in row


def test_how_often_shortcuts_are_followed_is_a_sentence():
    space = "\N{NO-BREAK SPACE}"
    assert _often(["hue", "wall"], {"all": 0.74, "hue": 0.02, "wall": 0.46}) == (
        f"when all shortcuts are switched, 74{space}% of its answers follow them; "
        f"when only the wall's pattern is, 46{space}%; when only the wall's hue is, 2{space}%."
    )
    assert _often(["hue"], {"all": 0.1}) == f"when the wall's hue is switched, 10{space}% of its answers follow it."
    assert _often(["hue"], {}) == ""


def test_what_is_hidden_and_what_is_trained_is_said():
    things, mole, tuned = (
        _asks(load_suite("v3").task(f"{name}-8"), (8, 32)) for name in ("things-text", "mole-text", "finetuned-text")
    )
    assert "not told" not in things
    assert "except in 8 or 32 of 1,200 samples" in things  # the rungs that the ladder has
    assert mole.endswith(" Of the place, training is not told.")
    assert tuned == f"{things} Methods train the whole encoder here."


def test_wrong_labels_and_a_single_shortcut_are_said():
    noise, single = (_asks(load_suite("v3").task(name), (32,)) for name in ("noise-text-32", "single-hue-text-8"))
    assert noise.endswith(" 10\N{NO-BREAK SPACE}% of the training labels are wrong.")
    assert "the wall's hue goes with the category" in single
    assert single.endswith("it points to another category. Other scenery varies at random.")


@pytest.mark.parametrize(("name", "tile"), [
    ("single-hue-text-8", ("the wall's hue misleads", "it goes with another class")),
    ("things-text-8", ("all shortcuts mislead", "all go with another class")),
])  # fmt: skip
def test_a_single_shortcut_is_named_where_all_would_be(name, tile):
    tiles = _twins(Scenes(), load_suite("v3").task(name).in_world(0))
    assert (tiles[1].title, tiles[1].about) == tile
