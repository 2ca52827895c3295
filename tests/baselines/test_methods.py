import numpy as np
import pytest
import torch

from spurgen.baselines import erm, group_dro, resample
from spurgen.baselines.training.method import Baseline
from spurgen.benchmark.errors import SubmissionError

METHODS = [erm.submission, resample.submission, group_dro.submission]
MODALITIES = ["image", "text", "multimodal"]


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.NAME)
def test_learns_a_separable_problem(fitted, method, modality, make_data, make_context):
    trained = fitted(method, make_data(modality=modality), make_context(modality), epochs=12)
    unseen = make_data(n=60, seed=1, modality=modality)
    assert (trained.predict(unseen.batch).argmax(1) == unseen.labels).mean() > 0.95


@pytest.mark.parametrize("modality", MODALITIES)
def test_same_seed_same_logits_other_seed_other_logits(fitted, modality, make_data, make_context):
    data = make_data(modality=modality)
    models = [fitted(erm.submission, data, make_context(modality, seed), epochs=5) for seed in (3, 3, 4)]
    logits = [model.predict(data.batch) for model in models]
    np.testing.assert_array_equal(logits[0], logits[1])
    assert not np.allclose(logits[0], logits[2])


def test_training_leaves_the_global_generator_alone(fitted, make_data, make_context):
    before = torch.random.get_rng_state()
    fitted(group_dro.submission, make_data(), make_context(), epochs=1)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("modality", MODALITIES)
def test_answers_depend_on_the_sample_alone(fitted, modality, make_data, make_context):
    data = make_data(modality=modality)
    trained = fitted(erm.submission, data, make_context(modality), epochs=1)
    alone = np.concatenate([trained.predict(data.batch.take(slice(i, i + 1))) for i in range(40)])
    np.testing.assert_allclose(alone, trained.predict(data.batch)[:40], rtol=0, atol=1e-4)


def test_read_only_images_are_accepted_and_inputs_stay_unchanged(fitted, make_data, make_context):
    data = make_data(modality="image")
    before = data.images.copy()
    data.images.flags.writeable = False
    fitted(erm.submission, data, make_context(), epochs=1).predict(data.batch)
    np.testing.assert_array_equal(data.images, before)


def test_an_empty_batch_has_an_empty_answer(fitted, make_data, make_context):
    data = make_data()
    trained = fitted(erm.submission, data, make_context("multimodal"), epochs=1)
    empty = data.batch.take(slice(0, 0))
    assert trained.predict(empty).shape == (0, 3)
    assert trained.encode(empty).shape == (0, 128)


@pytest.mark.parametrize("size", [32, 96, 256])
def test_any_image_size_works(fitted, size, make_data, make_context):
    data = make_data(n=12, size=size, modality="image")
    trained = fitted(erm.submission, data, make_context(size=size), epochs=1)
    assert trained.encode(data.batch).shape == (12, 128)


def test_feature_dim_sets_the_width_of_the_features(fitted, make_data, make_context):
    data = make_data(n=24)
    trained = fitted(erm.submission, data, make_context("multimodal"), epochs=1, feature_dim=20)
    assert trained.encode(data.batch).shape == (24, 20)
    assert trained.encode(data.batch).dtype == np.float32


def test_the_curves_hold_a_falling_loss_per_epoch(fitted, make_data, make_context):
    curves = fitted(erm.submission, make_data(), make_context(), epochs=6).report()["curves"]
    assert [curve["epoch"] for curve in curves] == [1, 2, 3, 4, 5, 6]
    assert curves[-1]["loss"] < curves[0]["loss"]


def test_predict_before_fit_is_refused(make_data):
    with pytest.raises(SubmissionError, match=r"erm is not trained yet; call fit\(\) first"):
        erm.submission.with_options().predict(make_data().batch)


def test_a_method_without_its_annotations_is_refused(make_data, make_context):
    data = make_data().restrict("none", "train")
    with pytest.raises(SubmissionError, match="group_dro: needs groups"):
        group_dro.submission.with_options(epochs=1).fit(data, data, make_context())


def test_a_loss_that_is_not_finite_names_method_and_epoch(fitted, make_data, make_context):
    def fit(problem, hyper):
        def objective(step):
            return step.losses.mean() / (step.progress < 0.5)

        network = problem.network(hyper)
        sampler = erm.shuffled(torch.arange(len(problem.train)), hyper.batch_size)
        erm.train(network, problem, hyper, sampler=sampler, objective=objective)
        return network

    with pytest.raises(SubmissionError, match=r"broken: the loss is (nan|inf) in epoch 3 of 4"):
        fitted(Baseline("broken", fit, erm.Hyperparameters(), access="none"), make_data(), make_context(), epochs=4)
