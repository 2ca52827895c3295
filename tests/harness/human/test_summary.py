import numpy as np
import pytest

from spurgen.benchmark.errors import ReadError
from spurgen.generators import aligned_values, sample
from spurgen.harness.human.answers import Answer
from spurgen.harness.human.summary import mean_of, summarize


@pytest.fixture(scope="module")
def follow():
    """Return a function that makes a reader of a channel: it answers the class that goes with the value shown."""

    def make(protocol, channel):
        scenario = protocol.task.scenario

        def choose(index, _):
            made = sample(scenario, "test", [index], images=False, captions=False)
            return int(np.flatnonzero(aligned_values(scenario, channel)[made.channel_values[channel][0]])[0])

        return choose

    return make


@pytest.fixture(scope="module")
def summed(draft, make_run, answer_all):
    """Return a function that summarises answers to 48 scenes of three classes, in 30 of which all channels conflict."""

    def make(choose=None, annotator="ann", **changes):
        protocol = make_run(annotator, **({"scenes": 48} | changes))
        choices = () if choose is None else (choose(protocol),)
        return summarize(draft.task(protocol.task.name), answer_all(protocol, *choices))

    return make


def test_who_goes_by_the_core_cue_is_right_everywhere(summed):
    row = summed()
    assert (row.robust_accuracy.value, row.aligned_accuracy.value, row.follows_core.value) == (1, 1, 1)
    assert {share.value for share in row.follows_channel.values()} == {row.follows_none.value} == {0}
    assert {name: share.value for name, share in row.patterns.items()} == {"aa": 1, "ca": 1, "ac": 1, "cc": 1}
    assert (row.annotator, row.world, row.classes, row.chance) == ("ann", 0, 3, pytest.approx(1 / 3))
    assert (row.answers, row.conflicting, row.milliseconds) == (48, 30, 700)
    assert row.attentive


@pytest.mark.parametrize("channel", ["color", "background"])
def test_who_goes_by_a_channel_is_found_out(summed, follow, channel):
    row = summed(lambda protocol: follow(protocol, channel))
    other = {"color": "background", "background": "color"}[channel]
    assert (row.robust_accuracy.value, row.aligned_accuracy.value, row.follows_core.value) == (0, 1, 0)
    assert {name: share.value for name, share in row.follows_channel.items()} == {channel: 1, other: 0}
    assert row.patterns[{"color": "ac", "background": "ca"}[channel]].value == 1
    assert row.attentive


def test_an_answer_may_follow_no_cue(summed, follow):
    def choose(protocol):
        readers = [follow(protocol, channel) for channel in ("color", "background")]

        def neither(index, label):
            return next(
                k for k in protocol.header.classes if k not in (label, *(read(index, label) for read in readers))
            )

        return neither

    row = summed(choose, classes=4)
    assert (row.follows_none.value, row.follows_core.value, row.aligned_accuracy.value) == (1, 0, 0)
    assert not row.attentive


def test_one_answer_for_everything_is_chance(summed):
    row = summed(lambda protocol: lambda *_: protocol.header.classes[0])
    assert row.robust_accuracy.value == row.aligned_accuracy.value == pytest.approx(1 / 3)
    assert not row.attentive


def test_intervals_are_those_of_clopper_and_pearson(summed):
    row = summed()
    assert row.aligned_accuracy.ends == pytest.approx((0.5407, 1), abs=1e-4)  # 6 of 6
    assert row.follows_core.ends == pytest.approx((0.8843, 1), abs=1e-4)  # 30 of 30
    assert row.follows_none.ends == pytest.approx((0, 0.1157), abs=1e-4)
    assert row.robust_accuracy.low < row.aligned_accuracy.low  # it covers the lowest of four patterns


def test_learning_is_whether_practice_reached_its_criterion(summed):
    assert (summed(practice=60).practised, summed(practice=60).learned) == (60, True)
    assert (summed(practice=6).practised, summed(practice=6).learned) == (6, False)
    assert summed(practice=0).practised == 0


def test_the_world_is_that_of_the_answers(summed):
    assert (summed(world=1).world, summed(world=1).robust_accuracy.value) == (1, 1)


def test_the_mean_is_over_attentive_people_and_its_minimum_over_their_mean_patterns(summed, follow):
    rows = [
        summed(annotator="core"),
        summed(lambda protocol: follow(protocol, "color"), "color"),
        summed(lambda protocol: follow(protocol, "background"), "background"),
        summed(lambda protocol: lambda *_: protocol.header.classes[0], "asleep"),
    ]
    mean = mean_of(rows)
    assert mean.people == 3
    assert mean.robust_accuracy.value == pytest.approx(1 / 3)
    assert mean.follows_core.value == mean.follows_channel["color"].value == pytest.approx(1 / 3)
    assert (mean.follows_none.value, mean.aligned_accuracy.value) == (0, 1)
    assert mean.follows_core.low == 0
    assert mean_of(rows[:1]) is mean_of(rows[2:]) is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"scenario_sha256": "0" * 64}, "another version of task ambiguous-image"),
        ({"modality": "text"}, "another version of task ambiguous-image"),
        ({"world": 1}, "another version of task ambiguous-image"),
        ({"task": "ambiguous-text"}, "another version of task ambiguous-image"),
    ],
)
def test_answers_to_another_task_are_refused(draft, make_run, answer_all, fields, message):
    answers = answer_all(make_run())
    forged = type(answers)(answers.header.model_copy(update=fields), answers.given)
    with pytest.raises(ReadError, match=message):
        summarize(draft.task("ambiguous-image"), forged)


def test_chosen_scenes_are_refused(draft, make_run, answer_all):
    protocol = make_run()
    answers = answer_all(protocol)
    kept = [answer for answer in answers.given if answer.phase == "test"][:-1]
    other = next(k for k in range(6) if k not in protocol.header.classes)  # test sample k is of class k, aligned
    forged = [*kept, Answer(phase="test", index=other, choice=protocol.header.classes[0], milliseconds=1)]
    with pytest.raises(ReadError, match=rf"a scene shows class {other}, which is none of the classes \["):
        summarize(draft.task("ambiguous-image"), type(answers)(protocol.header, forged))
    with pytest.raises(ReadError, match=r"no scene of class \d has alignment pattern \d"):
        summarize(draft.task("ambiguous-image"), type(answers)(protocol.header, kept[:5]))
