import numpy as np
import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.suite import Task
from spurgen.generators import sample
from spurgen.harness.human.scenes import (
    choose_classes,
    choose_test_scenes,
    choose_training_scenes,
    pointed_classes,
    scenes_per_pattern,
    usual_classes,
    usual_scenes,
)
from spurgen.harness.running.task_data import task_groups


@pytest.fixture(scope="module")
def make_world():
    """Return a function that makes a scenario of ten classes and three channels."""

    def make(**changes):
        channels = {"color": {}, "background": {}, "shape": {"carrier": "image"}}
        sizes = {"train": 60, "val": 60, "test_per_group": 5}
        fields = {"suite": "s", "name": "n", "seed": 3, "image_size": 32, "channels": channels, "splits": sizes}
        return make_scenario("test", **(fields | changes))

    return make


def composite(combinations, rule="shift"):
    return {"kind": "tint", "combinations": combinations, "rule": rule}


def test_classes_are_a_seeded_subset(make_world):
    chosen = {choose_classes(make_world(seed=seed), 4) for seed in range(20)}
    assert len(chosen) > 10
    for classes in chosen:
        assert len(set(classes)) == 4
        assert set(classes) <= set(range(10))
    assert choose_classes(make_world(), 10) == tuple(range(10))
    assert choose_classes(make_world(), 4) == choose_classes(make_world(), 4)


@pytest.mark.parametrize("rule", ["shift", "pair"])
def test_with_a_composite_cue_neither_part_suffices_among_the_chosen_classes(make_world, rule):
    for seed in range(10):
        classes = choose_classes(make_world(seed=seed, second_part=composite(2, rule)), 4)
        assert sorted((k + 5) % 10 for k in classes) == sorted(classes)


@pytest.mark.parametrize(
    ("second_part", "count", "message"),
    [
        (None, 1, "allows 2 to 10$"),
        (None, 11, "allows 2 to 10$"),
        (composite(2), 5, "allows 4 to 10, a multiple of 2$"),
        (composite(2), 2, "allows 4 to 10, a multiple of 2$"),
        (composite(5), 5, "allows 10 to 10, a multiple of 5$"),
    ],
)
def test_impossible_numbers_of_classes_are_refused(make_world, second_part, count, message):
    with pytest.raises(ScenarioError, match=f"--classes {count}: .*{message}"):
        choose_classes(make_world(second_part=second_part), count)


@pytest.mark.parametrize(
    ("second_part", "num_classes", "usual"),
    [(None, 10, 4), (None, 3, 3), (composite(2), 10, 4), (composite(3), 12, 6), (composite(5), 10, 10)],
)
def test_the_usual_number_of_classes_is_possible(make_world, second_part, num_classes, usual):
    world = make_world(num_classes=num_classes, second_part=second_part)
    assert usual_classes(world) == usual
    assert len(choose_classes(world, usual)) == usual


def test_every_pattern_has_scenes_and_most_conflict_throughout():
    assert scenes_per_pattern(1, 16).tolist() == [2, 14]
    assert scenes_per_pattern(2, 16).tolist() == [2, 2, 2, 10]
    assert scenes_per_pattern(3, 16).tolist() == [2, 1, 1, 1, 1, 1, 1, 8]
    assert scenes_per_pattern(3, 8).tolist() == [1] * 8
    assert scenes_per_pattern(5, 32).tolist() == [1] * 32
    for channels in range(1, 8):
        per_class = usual_scenes(channels, 4) // 4
        counts = scenes_per_pattern(channels, per_class)
        assert counts.sum() == per_class
        assert counts[-1] >= per_class / 8
    assert usual_scenes(3, 4) == 64
    assert usual_scenes(3, 3) == 66
    with pytest.raises(ScenarioError, match=r"7 scenes of a class are too few for the 8 .* at least 8 times"):
        scenes_per_pattern(3, 7)


def test_training_scenes_are_balanced_and_of_the_recorded_labels(make_world):
    world = make_world(label_noise=0.3)
    indices = choose_training_scenes(world, (2, 7), 30)
    made = sample(world, "train", indices.ravel(), images=False, captions=False)
    assert made.labels.tolist() == [2] * 30 + [7] * 30


def test_conflicting_channels_point_to_different_chosen_classes(make_world):
    task = Task("t", make_world(), "image")
    classes = (1, 4, 6, 9)
    per_pattern = scenes_per_pattern(3, 16)
    indices = choose_test_scenes(task, classes, per_pattern)
    assert len(set(indices.tolist())) == 64
    made = sample(task.scenario, "test", indices, images=False, captions=False)
    labels, patterns = np.divmod(task_groups(task, made.group_ids), 8)
    for label in classes:
        assert np.bincount(patterns[labels == label], minlength=8).tolist() == per_pattern.tolist()
    pointed = pointed_classes(task, made)
    for place in np.flatnonzero(patterns == 7):
        targets = [np.flatnonzero(row).tolist() for row in pointed[:, place]]
        assert sorted([made.labels[place], *(target for (target,) in targets)]) == list(classes)
    for place in np.flatnonzero((patterns > 0) & (patterns < 7)):
        assert pointed[:, place][:, list(classes)].any(axis=1).all()


def test_channels_that_a_modality_does_not_carry_do_not_count(make_world):
    task = Task("t", make_world(), "text")
    indices = choose_test_scenes(task, (1, 4, 6), scenes_per_pattern(2, 8))
    made = sample(task.scenario, "test", indices, images=False, captions=False)
    assert np.bincount(task_groups(task, made.group_ids) % 4).tolist() == [3, 3, 3, 15]


def test_classes_that_share_every_value_are_refused(make_world):
    world = make_world(channels={"color": {"values": 2}})
    with pytest.raises(ScenarioError, match="task t: pattern c has too few test scenes of class 0 that point"):
        choose_test_scenes(Task("t", world, "image"), (0, 2), scenes_per_pattern(1, 16))
