import numpy as np
from drawing import concepts

from spurgen.generators import sample


def test_the_shortcut_sheet_shows_as_many_samples_of_each_class_in_both_splits():
    scenario = concepts.concept_scenario(32, "color")
    for split in concepts.SPLITS:
        shown = sample(scenario, split, concepts.by_class(scenario, split), images=False)
        assert shown.labels.tolist() == sorted([*range(concepts.CLASSES)] * concepts.PER_CLASS)


def test_the_shown_samples_follow_the_shortcut_in_train_and_half_of_the_time_in_test():
    scenario = concepts.concept_scenario(32, "color")
    conflicting = {
        split: (sample(scenario, split, concepts.by_class(scenario, split), images=False).group_ids % 2).mean()
        for split in concepts.SPLITS
    }
    assert conflicting["train"] < 0.2
    assert conflicting["test"] == 0.5


def test_each_row_of_the_group_sheet_shows_one_group_of_one_class():
    scenario = concepts.concept_scenario(32, "color", "background")
    for pattern in range(len(concepts.PATTERNS)):
        shown = sample(scenario, "test", concepts.of_pattern(scenario, pattern), images=False)
        assert len(shown.labels) == concepts.ACROSS - 1
        assert set(shown.group_ids.tolist()) == {pattern}


def test_the_titles_of_groups_say_which_channels_conflict():
    scenario = concepts.concept_scenario(32, "color", "background")
    assert list(scenario.channels) == ["color", "background"]
    assert list(concepts.PATTERNS) == ["both align", "the colour conflicts", "the wall conflicts", "both conflict"]


def test_a_sheet_is_the_same_when_drawn_again():
    assert np.array_equal(np.asarray(concepts.group_sheet(32)), np.asarray(concepts.group_sheet(32)))
