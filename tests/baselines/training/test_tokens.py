from hypothesis import given
from hypothesis import strategies as st

from spurgen.baselines.training.tokens import PADDING, RESERVED, UNKNOWN, Vocabulary, words

CAPTIONS = ["A photo, taken at 14:05, of a heart.", "The hand-drawn arrow"]


def decoded(vocabulary, row):
    known = (*RESERVED, *vocabulary.ids)
    return [known[i] for i in row.tolist() if i != PADDING]


def test_times_and_punctuation_are_split():
    assert words(CAPTIONS[0]) == ["a", "photo", ",", "taken", "at", "14", ":", "05", ",", "of", "a", "heart", "."]


def test_an_unknown_word_is_marked_and_a_long_caption_is_cut():
    vocabulary = Vocabulary.of(["one two three"])
    encoded = vocabulary.encode(["two zebra", "one one one one one", ""])
    assert encoded[0].tolist() == [vocabulary.ids["two"], UNKNOWN, 0]
    assert encoded[1].tolist() == [vocabulary.ids["one"]] * 3
    assert encoded[2].tolist() == [0, 0, 0]
    assert decoded(vocabulary, encoded[0]) == ["two", "<unknown>"]


@given(st.lists(st.text(max_size=30), max_size=8))
def test_encoding_word_by_word_gives_what_splitting_the_whole_caption_gives(captions):
    vocabulary = Vocabulary.of(captions)
    for caption, row in zip(captions, vocabulary.encode(captions), strict=True):
        assert decoded(vocabulary, row) == words(caption)


def test_ids_do_not_depend_on_the_order_of_the_captions():
    assert Vocabulary.of(CAPTIONS) == Vocabulary.of(CAPTIONS[::-1])
