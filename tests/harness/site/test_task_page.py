"""What a task asks, in words."""

from spurgen.benchmark.suite import load_suite
from spurgen.harness.site.task_page import _asks


def test_what_is_hidden_and_what_is_trained_is_said():
    things, mole, tuned = (
        _asks(load_suite("v3").task(f"{name}-8")) for name in ("things-text", "mole-text", "finetuned-text")
    )
    assert "not told" not in things
    assert mole.endswith(" Of the place, training is not told.")
    assert tuned == f"{things} Methods train the whole encoder here."


def test_wrong_labels_and_a_single_shortcut_are_said():
    noise, single = (_asks(load_suite("v3").task(name)) for name in ("noise-text-32", "single-hue-text-8"))
    assert noise.endswith(" 10\N{NO-BREAK SPACE}% of the training labels are wrong.")
    assert "the wall's hue goes with the category" in single
    assert single.endswith("it points to another category. Other scenery varies at random.")
