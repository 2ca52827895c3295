import pytest

from spurgen.generators import sample
from spurgen.harness.human.answers import open_answers, read_answers
from spurgen.harness.human.session import Feedback, Session, StaleReplyError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ann.jsonl"


@pytest.fixture
def start(path):
    """Return a function that starts, or goes on with, a session of a protocol."""
    opened = []

    def start(protocol):
        for manager in opened:
            manager.__exit__(None, None, None)
        opened[:] = [open_answers(path, protocol.header)]
        return Session(protocol, *opened[0].__enter__())

    yield start
    for manager in opened:
        manager.__exit__(None, None, None)


def go_on(session, until):
    """Answer rightly until the step of that number."""
    while session.step and session.step.number < until:
        step = session.step
        session.reply(step.number, None if step.phase == "study" else step.label, 100)


def test_phases_follow_one_another(make_run, start):
    session = start(make_run())
    phases = []
    while session.step:
        phases.append(session.step.phase)
        go_on(session, session.step.number + 1)
    assert phases == ["study"] * 12 + ["practice"] * 6 + ["test"] * 24


def test_practice_ends_when_the_criterion_is_reached(make_run, start):
    session = start(make_run(practice=60))
    go_on(session, 12)
    assert session.reply(12, "A" if session.step.label != "A" else "B", 1) == Feedback(
        False, session_label(session, 12)
    )
    go_on(session, 23)
    assert (session.step.phase, session.step.place) == ("practice", 12)
    go_on(session, 24)  # 11 of the last 12 are right
    assert (session.step.phase, session.step.place, session.step.total) == ("test", 1, 24)


def session_label(session, number):
    """Return the letter of a practice scene that has been answered."""
    protocol = session.protocol
    index = protocol.scenes["practice"][number - 12]
    label = sample(protocol.task.scenario, "train", [index], images=False, captions=False).labels[0]
    return protocol.letters[protocol.header.classes.index(label)]


def test_only_practice_tells_whether_an_answer_is_right(make_run, start):
    session = start(make_run())
    label = session.step.label
    assert session.reply(0, None, 1) is None
    go_on(session, 12)
    label = session.step.label
    assert session.reply(12, label, 1) == Feedback(True, label)
    go_on(session, 18)
    assert session.reply(18, session.step.label, 1) is None


def test_answers_are_stored_as_they_come_and_a_session_goes_on(make_run, start, path):
    protocol = make_run()
    session = start(protocol)
    go_on(session, 20)
    assert len(read_answers(path).given) == 20
    step = session.step
    assert start(protocol).step == step


def test_a_letter_means_the_class_that_the_annotator_was_taught(make_run, start, path):
    protocol = make_run()
    session = start(protocol)
    go_on(session, 18)
    session.reply(18, "C", 250)
    answer = read_answers(path).given[-1]
    assert (answer.choice, answer.milliseconds) == (protocol.header.classes[2], 250)
    assert answer.index == protocol.scenes["test"][0]


@pytest.mark.parametrize("number", [-1, 0, 19])
def test_a_reply_to_another_step_changes_nothing(make_run, start, path, number):
    session = start(make_run())
    go_on(session, 18)
    with pytest.raises(StaleReplyError):
        session.reply(number, "A", 1)
    assert len(read_answers(path).given) == 18


def test_after_the_last_step_there_is_none(make_run, start):
    session = start(make_run())
    go_on(session, 100)
    assert session.step is None
    with pytest.raises(StaleReplyError):
        session.reply(42, "A", 1)


@pytest.mark.parametrize(("number", "letter"), [(0, "A"), (12, None), (12, ""), (12, "D"), (12, "AB"), (18, "a")])
def test_what_is_no_answer_is_refused(make_run, start, path, number, letter):
    session = start(make_run())
    go_on(session, number)
    with pytest.raises(ValueError, match=r"is no answer in the (study|practice|test) phase"):
        session.reply(number, letter, 1)
    assert len(read_answers(path).given) == number


@pytest.mark.parametrize(("task", "images", "captions"), [("image", 1, 0), ("text", 0, 1), ("both", 1, 1)])
def test_a_scene_has_what_the_modality_has(make_run, start, task, images, captions):
    session = start(make_run(task=f"ambiguous-{task}"))
    scene = session.scene(session.step)
    assert (len(scene.images), len(scene.captions)) == (images, captions)
