import numpy as np
import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.plots.ladder import Climbed
from spurgen.harness.plots.story import Shown, draw_story


@pytest.mark.parametrize("pictured", [True, False])
def test_scenes_answers_and_the_curve_are_in_one_picture(check_layout, pictured):
    pixels = np.zeros((8, 8, 3), np.uint8) if pictured else None
    scene = Shown(pixels, "A cat in front of a brick wall.")
    line = {"submission": "erm", "access": "none", "ranked": True, "robust_accuracy": 0.4}
    twins = line | {"submission": "cda", "access": "twins"}
    whole = [line | {"counterexamples_text": ">8"}, twins | {"counterexamples_text": "11 [<=8, 109]"}]
    ladder = Climbed(load_suite("v3").ladders["things-text"][:2], [[line, twins], [line, twins]], whole)
    answers = ("ERM: animal ✓", "ERM: food ✗")
    note = "An extreme case: of such answers, 97 % turn. Over all, one alone turns 46 %, all shortcuts together 74 %."
    figure = draw_story("It says food.", [scene] * 6, [scene] * 2, answers, note, ladder, {})
    assert note in {" ".join(text.get_text().split()) for text in figure.texts}
    assert [len(axes.images) for axes in figure.axes] == [int(pictured)] * 8 + [0]
    written = {" ".join(text.get_text().split()) for axes in figure.axes for text in axes.texts}
    assert {"ERM needs more than 8", "cda 11, with twins", "ideal observer"} <= written
    assert ("A cat in front of a brick wall." in written) != pictured
    if pictured:
        assert {"It says food.", *answers} <= set(check_layout(figure))
