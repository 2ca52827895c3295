import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.generators.streams import happens, permutation, signed, stream_key, threshold, uniform_int, words

SETTINGS = settings(max_examples=60)
KEY = stream_key("v0", 7, "train", "pose")
LAST_WORD = np.uint64(2**64 - 1)
ENDS = np.array([0, LAST_WORD], np.uint64)


def lattice(count):
    """Return `count` words spread evenly over the whole range."""
    return np.arange(count, dtype=np.uint64) * np.uint64(2**64 // count)


@SETTINGS
@given(indices=st.lists(st.integers(0, 2**40), max_size=12), blocks=st.integers(1, 4))
def test_words_of_a_sample_do_not_depend_on_its_batch(indices, blocks):
    batch = words(KEY, np.array(indices, np.int64), blocks)
    assert batch.shape == (len(indices), 4 * blocks)
    for row, index in zip(batch, indices, strict=True):
        np.testing.assert_array_equal(row, words(KEY, np.array([index]), blocks)[0])


@SETTINGS
@given(start=st.integers(0, 2**40), count=st.integers(1, 30), blocks=st.integers(1, 4))
def test_samples_own_consecutive_words_without_gap_or_overlap(start, count, blocks):
    made = words(KEY, np.arange(start, start + count), blocks).reshape(-1)
    stream = np.random.Philox(key=KEY).advance(start * blocks).random_raw(len(made))
    np.testing.assert_array_equal(made, stream)
    assert len(np.unique(made)) == len(made)


def test_streams_of_different_names_share_no_word():
    names = [
        ("v0", 7, "train", "pose"),
        ("v0", 7, "train", "pose/placebo"),
        ("v0", 7, "val", "pose"),
        ("v0", 8, "train", "pose"),
        ("v0", 78, "train", "pose"),
        ("v1", 7, "train", "pose"),
        ("v0", 7, "train", "label"),
    ]
    keys = [stream_key(*name) for name in names]
    assert len(set(keys)) == len(names)
    drawn = np.concatenate([words(key, np.arange(500), 1).reshape(-1) for key in keys])
    assert len(np.unique(drawn)) == drawn.size


def test_key_words_and_permutation_are_frozen():
    assert KEY == 0xB1C9BB3EAB1E76DDCA9FA7AD14BD5C12
    fifth = [12840491675175219976, 7817436387594320702, 11569288950153489268, 3634450946653522428]
    assert words(KEY, np.array([5]), 1)[0].tolist() == fifth
    assert permutation(KEY, 10).tolist() == [0, 9, 2, 1, 8, 4, 7, 6, 3, 5]


@SETTINGS
@given(size=st.integers(1, 2**31), reach=st.integers(0, 10**6))
def test_integers_reach_both_ends_of_their_range_and_not_beyond(size, reach):
    assert uniform_int(ENDS, size).tolist() == [0, size - 1]
    assert uniform_int(ENDS, np.array([5, size])).tolist() == [0, size - 1]
    assert signed(ENDS, reach).tolist() == [-reach, reach]


@pytest.mark.parametrize("size", [2, 3, 7, 10, 12, 1440])
def test_uniform_int_is_uniform(size):
    even = np.bincount(uniform_int(lattice(size * 1000), size), minlength=size)
    assert np.abs(even - 1000).max() <= 1
    drawn = np.bincount(uniform_int(words(KEY, np.arange(50_000), 1).reshape(-1), size), minlength=size)
    assert np.abs(drawn - 200_000 / size).max() < 5 * np.sqrt(200_000 / size)


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.75, 1.0])
def test_event_rate_equals_its_probability(probability):
    share = happens(lattice(10_000), threshold(probability)).mean()
    assert share == pytest.approx(probability, abs=1e-4)
    if probability in (0, 1):
        assert share == probability
        assert happens(np.array([LAST_WORD]), threshold(probability)).item() == (probability == 1)


@SETTINGS
@given(key=st.integers(0, 2**128 - 1), size=st.integers(1, 40))
def test_permutation_holds_every_index_once(key, size):
    assert sorted(permutation(key, size).tolist()) == list(range(size))
