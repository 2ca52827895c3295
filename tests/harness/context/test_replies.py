import math

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.context.replies import Answer, answer_of_texts, answer_of_tokens, first_tokens, texts, usage

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


def test_texts_count_by_their_first_line_and_prose_names_no_label():
    said = ["A", " B\nCaption: A", "**B**", "Label: b.", "A fox is an animal", "I cannot", ""]
    assert answer_of_texts(said, LETTERS) == Answer(pytest.approx(math.log(3.5 / 1.5)), 3)
    assert answer_of_texts(["An animal, I think", "Sure! B"], LETTERS) == Answer(None, 2)
    assert answer_of_texts(["Animal"], NAMES) == Answer(pytest.approx(math.log(0.5 / 1.5)), 0)


@pytest.mark.parametrize(("said", "counts"), [(None, (0, 0)), ({"prompt_tokens": 9}, (9, 0)), ("x", (0, 0))])
def test_usage_may_be_missing(said, counts):
    assert usage({"usage": said}) == counts
