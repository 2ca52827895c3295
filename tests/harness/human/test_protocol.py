import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.harness.human.protocol import MAX_PRACTICE, PRACTICE, STUDY, criterion, make_protocol


def test_everybody_sees_the_same_scenes_in_an_order_of_their_own(make_run):
    first, again, other = make_run("ann"), make_run("ann"), make_run("ben")
    assert first == again
    for phase in first.scenes:
        assert sorted(first.scenes[phase]) == sorted(other.scenes[phase])
        assert first.scenes[phase] != other.scenes[phase]
    assert sorted(first.header.classes) == sorted(other.header.classes)


def test_letters_are_permuted_for_each_annotator(make_run):
    assert len({make_run(f"p{k}").header.classes for k in range(20)}) == 6  # all orders of three classes
    assert make_run().letters == "ABC"


def test_worlds_differ(make_run):
    assert make_run(world=0).header.scenario_sha256 != make_run(world=1).header.scenario_sha256
    assert make_run(world=1).task.scenario.name == "ambiguous-w1"


def test_training_is_balanced_over_classes_and_never_shown_twice(make_run, labels_of):
    protocol = make_run(practice=9)
    for phase, per_class in (("study", STUDY), ("practice", 3)):
        labels = list(labels_of(protocol, phase).values())
        assert sorted(labels) == sorted(list(protocol.header.classes) * per_class)
    assert not {*protocol.scenes["study"]} & {*protocol.scenes["practice"]}


def test_numbers_are_rounded_up_to_whole_classes(make_run):
    header = make_run(scenes=25, practice=7).header
    assert (header.scenes, header.practice) == (27, 9)
    usual = make_run(scenes=None, practice=None, classes=None).header
    assert (usual.scenes, usual.practice, len(usual.classes)) == (64, 4 * PRACTICE, 4)
    assert make_run(practice=0).scenes["practice"] == []
    assert make_run(practice=MAX_PRACTICE).header.practice == 402


def test_impossible_numbers_are_refused(make_run, draft):
    with pytest.raises(ScenarioError, match="--classes 7: scenario ambiguous-w0 allows 2 to 6"):
        make_run(classes=7)
    with pytest.raises(ScenarioError, match="suite draft has no task 'x'"):
        make_protocol(draft, "x", "ann")


def test_the_criterion_looks_at_the_last_answers():
    rule = criterion(3)
    assert rule == (12, 11)
    assert not rule.reached([True] * 11)
    assert rule.reached([True] * 12)
    assert rule.reached([False] * 9 + [True] * 6 + [False] + [True] * 5)
    assert not rule.reached([True] * 20 + [False] * 2)
