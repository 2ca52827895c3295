import json
import math

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.context.replies import (
    Answer,
    Answers,
    answer_of_texts,
    answer_of_tokens,
    first_tokens,
    texts,
    usage,
)

LETTERS, NAMES = ("A", "B"), ("animal", "vehicle")


def test_both_forms_of_log_probabilities_are_read():
    tops = {" A": -0.5, " B": -1.5}
    listed = [{"token": token, "logprob": value} for token, value in tops.items()]
    for found in ({"top_logprobs": [tops]}, {"content": [{"top_logprobs": listed}]}):
        assert first_tokens({"choices": [{"logprobs": found}]}) == tops
    for nothing in ({"top_logprobs": []}, {"content": []}):
        assert first_tokens({"choices": [{"logprobs": nothing}]}) == {}
    assert first_tokens({"choices": [{"message": {"refusal": "I cannot"}, "logprobs": None}]}) == {}


@pytest.mark.parametrize(
    "reply", [{}, {"choices": []}, {"choices": [{"logprobs": None}]}, {"choices": 3}, {"error": "no"},
              {"choices": [{"logprobs": {"top_logprobs": [{"A": "high"}]}}]}],
)  # fmt: skip
def test_a_reply_without_log_probabilities_is_an_error_that_says_what_to_do(reply):
    with pytest.raises(SpurgenError, match=r"no log-probabilities; where .* ask for texts by --samples 20"):
        first_tokens(reply)


def test_a_reply_without_text_is_an_error_but_silence_is_none():
    with pytest.raises(SpurgenError, match="no text"):
        texts({"choices": []})
    assert texts({"choices": [{"text": " A"}, {"message": {"content": None}}]}) == [" A", ""]


def test_tokens_that_begin_a_label_count_for_it_and_a_missing_label_has_the_least():
    assert answer_of_tokens({" A": -1.0, "B": -3.0, " a": 0.0}, LETTERS) == Answer(-2.0)
    both = {"\u2581anim": math.log(0.25), "\u0120Animal": math.log(0.25), " veh": math.log(0.25), " x": -9.0}
    assert answer_of_tokens(both, NAMES).odds == pytest.approx(math.log(0.25 / 0.5))
    assert answer_of_tokens({" A": -1.0, " x": -6.0}, LETTERS) == Answer(-5.0)
    assert answer_of_tokens({" x": -0.1}, LETTERS) == Answer(None, 1)
    assert answer_of_tokens({}, LETTERS) == Answer(None, 1)


def test_a_letter_names_no_class_and_a_class_no_letter():
    first = {"A": -0.1, " a": -0.1, " An": -0.1, "v": -0.1}  # letters and articles
    assert answer_of_tokens(first, NAMES) == Answer(None, 1)
    assert answer_of_tokens(first | {" animal": -3.0, " veh": -1.0}, NAMES).odds == pytest.approx(2)
    assert answer_of_tokens({" animal": -0.1, " vehicle": -0.2, " Bus": -0.3}, LETTERS) == Answer(None, 1)
    assert answer_of_texts(["A", "a", "An", "V"], NAMES) == Answer(None, 4)
    assert answer_of_texts(["animal", "Vehicle"], LETTERS) == Answer(None, 2)


@pytest.mark.parametrize(("value", "shown"), [(1e308, r"1e\+308"), (0.5, "0.5"), (math.nan, "nan"), (math.inf, "inf")])
def test_a_log_probability_above_0_is_refused(value, shown):
    with pytest.raises(SpurgenError, match=f"gives token ' A' the log-probability {shown}, expected at most 0; report"):
        first_tokens({"choices": [{"logprobs": {"top_logprobs": [{" A": value}]}}]})


def test_log_probabilities_are_rounded_to_0_and_those_of_tokens_that_were_ruled_out_are_left_out():
    tops = {" A": 1e-6, " B": -9999.0, "x": -math.inf, "y": -1e308, "z": -3.4e38}
    assert first_tokens({"choices": [{"logprobs": {"top_logprobs": [tops]}}]}) == {" A": 0.0, " B": -9999.0}


def test_texts_count_by_their_first_line_and_prose_names_no_label():
    said = ["A", " B\nCaption: A", "**B**", "Label: b.", "A fox is an animal", "I cannot", ""]
    assert answer_of_texts(said, LETTERS) == Answer(pytest.approx(math.log(3.5 / 1.5)), 3)
    assert answer_of_texts(["An animal, I think", "Sure! B"], LETTERS) == Answer(None, 2)
    assert answer_of_texts(["Animal"], NAMES) == Answer(pytest.approx(math.log(0.5 / 1.5)), 0)


@pytest.mark.parametrize(
    ("said", "counts"),
    [(None, (0, 0)), ({"prompt_tokens": 9}, (9, 0)), ("x", (0, 0)),
     ({"prompt_tokens": 10**4298, "completion_tokens": -1}, (0, 0))],
)  # fmt: skip
def test_usage_may_be_missing_or_absurd(said, counts):
    assert usage({"usage": said}) == counts


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
