import dataclasses

import numpy as np
import pytest
import torch

from spurgen.baselines.training import pretrained
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.pretrained import WORDS, digest, load_pretrained, to_arrays
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark.errors import FrozenDataError, SubmissionError


def problem(make_data, make_context, modality, backbone):
    data, context = make_data(modality=modality), make_context(modality)
    return Problem.of(data, data, dataclasses.replace(context, backbone=backbone))


def test_shipped_weights_match_their_record():
    actual = load_pretrained()
    assert {"image.layers.0.weight", WORDS} <= set(actual.weights)
    assert len(actual.weights[WORDS]) == len(actual.words)
    assert all(torch.isfinite(weights).all() for weights in actual.weights.values())


@pytest.mark.parametrize("modality", ["image", "text", "multimodal"])
def test_pretrained_network_has_the_recorded_encoders_and_a_new_head(modality, make_data, make_context):
    actual = load_pretrained()
    scratch, started = (
        problem(make_data, make_context, modality, backbone).network(Recipe()).state_dict()
        for backbone in ("scratch", "pretrained")
    )
    assert scratch.keys() == started.keys()
    assert {name for name in started if name.startswith(("image.", "caption."))} <= actual.weights.keys()
    for name, weights in started.items():
        if name in actual.weights and name != WORDS:
            torch.testing.assert_close(weights, actual.weights[name].to(weights.dtype))
        elif name != WORDS:
            torch.testing.assert_close(weights, scratch[name])


def test_known_words_have_pretrained_vectors_and_new_words_initial_ones(make_data, make_context):
    task = problem(make_data, make_context, "text", "pretrained")
    vectors = task.network(Recipe()).state_dict()[WORDS]
    plain = problem(make_data, make_context, "text", "scratch").network(Recipe()).state_dict()[WORDS]
    actual = load_pretrained()
    known = [word for word in task.codec.vocabulary.ids if word in actual.words]
    assert "a" in known
    assert "dog" not in known
    for word, k in task.codec.vocabulary.ids.items():
        expected = actual.weights[WORDS][actual.words.index(word)] if word in known else plain[k]
        torch.testing.assert_close(vectors[k], expected)
    assert vectors[:2].abs().sum() == 0


def test_encoders_survive_the_round_trip_to_arrays(make_data, make_context):
    task = problem(make_data, make_context, "multimodal", "scratch")
    network = task.network(Recipe())
    arrays = to_arrays({"image": network, "caption": network}, task.codec.vocabulary)
    assert not any(name.startswith(("head", "fuse")) for name in arrays)
    np.testing.assert_array_equal(arrays["words"], list(task.codec.vocabulary.ids))
    np.testing.assert_allclose(arrays[WORDS], network.state_dict()[WORDS][2:], atol=1e-2)


def test_the_digest_covers_names_shapes_and_values():
    plain = {"a": np.arange(6.0), "b": np.array(["x"])}
    others = [
        {**plain, "a": np.arange(6.0).reshape(2, 3)},
        {**plain, "a": np.arange(6.0) + 1e-9},
        {**plain, "a": np.arange(6.0, dtype=np.float32)},
        {"c": plain["a"], "b": plain["b"]},
        {**plain, "b": np.array(["y"])},
    ]
    assert digest(dict(reversed(plain.items()))) == digest(plain)
    assert digest(plain) not in {digest(other) for other in others}


@pytest.mark.parametrize("spoil", ["missing", "truncated", "other"])
def test_weights_that_differ_from_the_record_are_an_error(spoil, tmp_path, monkeypatch):
    path = tmp_path / "pretrained.npz"
    if spoil == "truncated":
        path.write_bytes(pretrained.WEIGHTS.read_bytes()[:-100])
    elif spoil == "other":
        np.savez(path, words=np.array(["a"]))
    monkeypatch.setattr(pretrained, "WEIGHTS", path)
    with pytest.raises(FrozenDataError, match="restore it or run `spurgen pretrain`"):
        load_pretrained.__wrapped__()


def test_encoders_of_another_width_are_an_error(make_data, make_context):
    task = problem(make_data, make_context, "image", "pretrained")
    message = r"weight is \(20, 64, 3, 3\) here and \(128, 64, 3, 3\) in .*; leave out the options .*feature_dim"
    with pytest.raises(SubmissionError, match=message):
        task.network(Recipe(feature_dim=20))
