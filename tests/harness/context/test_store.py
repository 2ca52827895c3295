import json

import pytest

from spurgen.harness.context.store import Answers

ONE, OTHER = {"body": "one"}, {"body": "other"}
ANSWER = {"choices": [{"text": "é"}], "values": [0.1, None, 1e-300]}


@pytest.fixture
def stored(tmp_path):
    """Return the file of an answer and that of another."""
    answers = Answers(tmp_path)
    answers.put(ONE, ANSWER)
    (one,) = tmp_path.rglob("*.json")
    answers.put(OTHER, [3])
    (other,) = {*tmp_path.rglob("*.json")} - {one}
    return one, other


def found(tmp_path):
    """Return the answer to `ONE`, and the files that are damaged."""
    answers = Answers(tmp_path)
    return answers.get(ONE), answers.damaged


@pytest.mark.usefixtures("stored")
def test_an_answer_is_found_again_and_nothing_else_is(tmp_path):
    assert found(tmp_path) == (ANSWER, set())
    answers = Answers(tmp_path)
    assert answers.get({"body": "a third"}) is None
    assert answers.damaged == set()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-9], lambda _: "", lambda _: "[]", lambda _: "[" * 100_000, lambda _: "9" * 5000,
        lambda text: text.replace("0.1", "0.2"), lambda text: text.replace("sha256", "sha1"),
        lambda text: text.replace('"version": 2', '"version": 3'),
        lambda text: json.dumps({"version": 1, "answer": json.loads(text)["answer"]}),
    ],
)  # fmt: skip
def test_a_damaged_edited_or_old_answer_is_seen(stored, tmp_path, damage):
    before = stored[0].read_text()
    stored[0].write_text(damage(before))
    assert stored[0].read_text() != before
    assert found(tmp_path) == (None, {stored[0]})
    Answers(tmp_path).put(ONE, ANSWER)
    assert found(tmp_path) == (ANSWER, set())


def test_answers_that_were_exchanged_are_seen(stored, tmp_path):
    one, other = stored
    one.write_bytes(other.read_bytes())
    assert found(tmp_path) == (None, {one})
