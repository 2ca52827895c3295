import dataclasses

import numpy as np
import pytest
import torch

from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.tokens import UNKNOWN
from spurgen.benchmark.contract import Batch


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


def test_vectors_take_the_place_of_images_and_captions(make_data):
    data = make_data(n=12)
    vectors = np.arange(60, dtype=np.float32).reshape(12, 5)
    problem = Problem.of_vectors(data, data.restrict("none", "val"), (vectors, 2 * vectors), num_classes=3, seed=4)
    assert (problem.train.inputs.images, problem.train.inputs.tokens) == (None, None)
    assert torch.equal(problem.val.inputs.take(slice(3, 5)).vectors, torch.from_numpy(2 * vectors[3:5]))
    assert len(problem.train.inputs) == 12
    assert torch.equal(problem.train.groups, torch.from_numpy(data.group_ids))
    assert problem.val.group_ids is None
    network = problem.network(Recipe(feature_dim=8))
    assert network.encode(problem.train.inputs).shape == (12, 8)
    (embedded,) = network.embed(problem.val.inputs)
    assert torch.equal(embedded, problem.val.inputs.vectors)
