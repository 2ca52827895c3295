import numpy as np
import pytest

from spurgen.harness.anchor.figures import figures_of, reference_of

METHODS = {
    "erm": ("none", [0.30, 0.33, 0.31, 0.34, 0.32]),
    "mixup": ("none", [0.31, 0.32, 0.33, 0.32, 0.33]),
    "focal": ("none", [0.50, 0.52, 0.51, 0.53, 0.50]),
    "dfr": ("val_groups", [0.60, 0.63, 0.61, 0.62, 0.64]),
}


def test_methods_are_ranked_by_their_mean_over_worlds(made_up):
    figures = figures_of(made_up(METHODS))
    assert list(figures) == ["dfr", "focal", "mixup", "erm"]
    assert figures["dfr"].worst == pytest.approx(METHODS["dfr"][1])
    assert figures["dfr"].estimate.value == pytest.approx(np.mean(METHODS["dfr"][1]))
    assert figures["dfr"].estimate.low < figures["dfr"].estimate.value < figures["dfr"].estimate.high
    assert figures["erm"].accuracy == pytest.approx((0.9 + 0.32 + 0.8 + 0.7) / 4)
    assert figures["erm"].robust == pytest.approx((0.32 + 0.7) / 2)  # conflicting, classes averaged


def test_the_accuracy_weights_groups_by_their_test_samples(made_up):
    content = made_up(METHODS)
    content = content.model_copy(update={"data": content.data.model_copy(update={"test": (300, 100, 200, 200)})})
    correct = [90, 32, 80, 70]  # the mean over worlds
    assert figures_of(content)["erm"].accuracy == pytest.approx(sum(correct) / 800)


def test_letters_are_of_all_methods_and_within_a_tier(made_up):
    figures = figures_of(made_up(METHODS))
    assert [each.letters for each in figures.values()] == ["a", "b", "c", "c"]
    assert [each.tier_letters for each in figures.values()] == ["a", "a", "b", "b"]
    assert [each.ranks for each in figures.values()] == [(1, 1), (2, 2), (3, 4), (3, 4)]


def test_a_failed_training_leaves_the_method_without_figures(made_up):
    content = made_up(METHODS)
    results = [
        result.model_copy(update={"correct": None, "error": "no"})
        if (result.method, result.world) == ("dfr", "2")
        else result
        for result in content.results
    ]
    assert "dfr" not in figures_of(content.model_copy(update={"results": tuple(results)}))
    assert figures_of(content.model_copy(update={"results": ()})) == {}


def test_failed_checks_are_listed(made_up):
    content = made_up({"erm": METHODS["erm"], "dfr": METHODS["dfr"]})
    results = [result.model_copy(update={"failed_checks": ("a check",)}) for result in content.results]
    assert figures_of(content.model_copy(update={"results": tuple(results)}))["dfr"].failed_checks == ("a check",)


def test_the_reference_is_apart(made_up):
    assert reference_of(made_up(METHODS)) is None
    content = made_up(METHODS, reference=[0.68, 0.69, 0.69, 0.7, 0.7])
    assert reference_of(content) == pytest.approx([0.68, 0.69, 0.69, 0.7, 0.7])
    assert figures_of(content)["erm"].worst == pytest.approx(METHODS["erm"][1])
