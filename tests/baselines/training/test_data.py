"""Captions as tokens, and splits and features as tensors."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spurgen.baselines.training.data import PADDING, RESERVED, UNKNOWN, Data, Inputs, Vocabulary, words
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SubmissionError

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


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "needs channel values, which this split does not show under the method's ACCESS"),
        ({}, "needs a channel that is not hidden; this task has none, so leave the method out"),
    ],
)
def test_a_method_that_needs_channels_says_why_it_has_none(values, message):
    data = Data(Inputs(None, None), torch.tensor([0, 1]), 2, channel_values=values)
    with pytest.raises(SubmissionError, match=message):
        data.channels  # noqa: B018


@pytest.mark.parametrize("modality", ["text", "multimodal"])
def test_the_vocabulary_is_that_of_the_training_captions_alone(modality, make_data, make_context):
    data = make_data(n=12, modality=modality)
    unseen = Batch(data.images, ["At 12:05, an unseen weasel and a red dog sat on a very long bench."] * 12)
    problem = Problem.of(data, dataclasses.replace(data, batch=unseen), make_context(modality))
    vocabulary = problem.codec.vocabulary
    assert {"red", "dog", "at"} <= set(vocabulary.ids)
    assert not {"unseen", "weasel", "bench"} & set(vocabulary.ids)
    assert problem.val.inputs.tokens.shape == problem.train.inputs.tokens.shape  # val captions do not set the length
    assert (problem.val.inputs.tokens == UNKNOWN).any(1).all()
    assert not (problem.train.inputs.tokens == UNKNOWN).any()


def features_of(data, features):
    batch = Batch(None, None, features)
    return dataclasses.replace(data, batch=batch, twins=batch)


@pytest.fixture
def solved(make_data, make_context):
    features = (np.arange(60).reshape(12, 5) ** 2).astype(np.float32)
    features[:, 3] = 0.1  # constant
    train, val = features_of(make_data(n=12), features), features_of(make_data(n=12), 3 * features)
    return Problem.of(train, val.restrict("none", "val"), make_context("text"))


def test_features_take_the_place_of_images_and_captions(solved, make_data):
    assert solved.solved
    assert (solved.train.inputs.images, solved.train.inputs.tokens) == (None, None)
    assert len(solved.train.inputs) == 12
    assert torch.equal(solved.train.counterparts.vectors, solved.train.inputs.vectors)
    assert torch.equal(solved.train.groups, torch.from_numpy(make_data(n=12).group_ids))
    assert solved.val.group_ids is None


def test_features_are_standardised_by_train_and_divided_by_the_root_of_their_number(solved):
    columns = solved.train.inputs.vectors
    assert columns.dtype == torch.float64
    varying = torch.tensor([0, 1, 2, 4])
    torch.testing.assert_close(columns.mean(0), torch.zeros(5, dtype=torch.float64))
    torch.testing.assert_close(columns[:, varying].std(0, correction=0), torch.full((4,), 5**-0.5).double())
    assert (columns[:, 3] == 0).all()
    assert solved.val.inputs.vectors[:, 0].mean() > 0.5  # not by its own mean


@pytest.mark.parametrize(("hidden", "width"), [(False, 5), (True, 8)])
def test_networks_of_features_are_linear(hidden, width, solved):
    network, inputs = solved.network(Recipe(feature_dim=8), hidden=hidden), solved.train.inputs
    assert network.encode(inputs).shape == (12, width)
    a, b, c = (network(inputs.take(slice(k, k + 1))) for k in range(3))
    mixed = network(Inputs(None, None, (inputs.vectors[:1] + inputs.vectors[1:2]) - inputs.vectors[2:3]))
    torch.testing.assert_close(mixed, a + b - c)
