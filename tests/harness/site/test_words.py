from spurgen.benchmark.suite import load_suite
from spurgen.harness.site.words import curves_in_words, dials, in_words


def test_a_scenario_is_described_in_words(tiny, many):
    simple = " ".join(in_words(tiny.suite.tasks["small-both"]))
    assert "decided by a pictogram on a plate before a wall and the noun in its caption." in simple
    assert "2 shortcuts go with the class in training: color and background." in simple
    assert "with probability 0.6 to 0.7 in 50% of the samples and 0.4 to 0.6 in 50%" in simple
    assert "test has 5 samples of each class for every one of the 4 choices" in simple
    assert "all of them conflict in 25% of the test" in simple
    composite = " ".join(in_words(many.suite.tasks["pair-image"]))
    assert "together with the tint of the pictogram's ink" in composite
    assert "Annotations of training do not mention background." in composite
    assert "Its 3 worlds differ" in composite


def test_environments_are_told_apart_by_their_share():
    scarce = " ".join(in_words(load_suite("v2").tasks["scarce-image"]))
    assert (
        "They show the value that goes with the class with probability 1 in 98.5% of the samples and 0.1 in" in scarce
    )
    one = " ".join(in_words(load_suite("v2").tasks["availability-small-80"]))
    assert "1 shortcut goes with the class in training: color. It shows the value that goes with the class with" in one
    assert "with probability 0.8 in 100% of the samples" in one


def test_every_channel_environment_and_split_is_a_dial(tiny):
    facts = dict(dials(tiny.suite.tasks["small-text"]))
    assert facts["Channel color"] == "3 values of color, in image and caption, strength 0.7"
    assert facts["Environment two"] == "weight 1; color 0.4"
    assert facts["Samples"] == "train 90, val 45, test 60"
    assert "Image size" not in facts


def test_curves_of_the_worst_pattern_are_not_said_to_hide_robustness(tiny):
    task = tiny.suite.tasks["small-text"]
    plain = curves_in_words(task, "none", ["loss", "val_accuracy"])
    assert plain == (
        "Validation is drawn as training is, so shortcuts raise “validation”: by itself it shows no robustness."
    )
    composite, names = load_suite("v2").tasks["composite-text"], ["val_accuracy", "val_wga", "val_robust"]
    assert curves_in_words(composite, "envs", names).startswith("Validation is drawn as training is")
    both = curves_in_words(composite, "val_groups", names)
    assert both.startswith("60% of the validation samples are drawn as training is")
    assert both.endswith("accuracy of any alignment pattern or group, which does show it.")
    assert curves_in_words(task, "none", ["loss"]) == ""


def test_a_tier_of_another_version_is_described_as_one_without_balanced_samples():
    task = load_suite("v2").tasks["composite-text"]
    assert curves_in_words(task, "everything", ["val_accuracy"]) == curves_in_words(task, "none", ["val_accuracy"])
