import dataclasses

import pytest

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
