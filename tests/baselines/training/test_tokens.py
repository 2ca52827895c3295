import numpy as np

from spurgen.baselines.training.tokens import UNKNOWN, Vocabulary, words

CAPTIONS = ["A photo, taken at 14:05, of a heart.", "The hand-drawn arrow"]


def test_times_and_punctuation_are_split():
    assert words(CAPTIONS[0]) == ["a", "photo", ",", "taken", "at", "14", ":", "05", ",", "of", "a", "heart", "."]


def test_captions_survive_the_round_trip():
    vocabulary = Vocabulary.of(CAPTIONS)
    encoded = vocabulary.encode(CAPTIONS)
    assert encoded.shape == (2, 13)
    assert encoded.dtype == np.int64
    assert encoded.max() == vocabulary.size - 1
    assert [vocabulary.decode(row) for row in encoded] == [words(caption) for caption in CAPTIONS]


def test_an_unknown_word_is_marked_and_a_long_caption_is_cut():
    vocabulary = Vocabulary.of(["one two three"])
    encoded = vocabulary.encode(["two zebra", "one one one one one", ""])
    assert encoded[0].tolist() == [vocabulary.ids["two"], UNKNOWN, 0]
    assert encoded[1].tolist() == [vocabulary.ids["one"]] * 3
    assert encoded[2].tolist() == [0, 0, 0]
    assert vocabulary.decode(encoded[0]) == ["two", "<unknown>"]


def test_ids_do_not_depend_on_the_order_of_the_captions():
    assert Vocabulary.of(CAPTIONS) == Vocabulary.of(CAPTIONS[::-1])
