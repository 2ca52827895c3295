import numpy as np
import pytest

from spurgen.baselines import cb_loss, cvar_dro, erm, focal, group_dro, resample
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.method import Baseline
from spurgen.benchmark.errors import SubmissionError

METHODS = [erm.submission, resample.submission, group_dro.submission]
MODALITIES = ["image", "text", "multimodal"]


@pytest.mark.parametrize(("method", "modality"), [*zip(METHODS, MODALITIES, strict=True)])
def test_learns_a_separable_problem(fitted, method, modality, make_data, make_context):
    trained = fitted(method, make_data(modality=modality), make_context(modality), epochs=12)
    unseen = make_data(n=60, seed=1, modality=modality)
    assert (trained.predict(unseen.batch).argmax(1) == unseen.labels).mean() > 0.95


@pytest.mark.parametrize(
    ("method", "setting"), [(focal, {"gamma": 0.0}), (cvar_dro, {"alpha": 1.0}), (cb_loss, {"beta": 0.0})]
)
def test_method_is_erm_at_one_end_of_its_range_and_not_by_default(method, setting, fitted, make_data, make_context):
    data, context, common = make_data(modality="text"), make_context("text"), {"lr": 4e-3, "weight_decay": 0.01}
    plain, same, default = (
        fitted(module.submission, data, context, epochs=1, **common, **options).predict(data.batch)
        for module, options in ((erm, {}), (method, setting), (method, {}))
    )
    np.testing.assert_allclose(same, plain, rtol=0, atol=1e-3)
    assert np.abs(default - plain).max() > 0.1


def test_same_seed_same_logits_other_seed_other_logits(fitted, make_data, make_context):
    data = make_data()
    models = [fitted(erm.submission, data, make_context("multimodal", seed), epochs=3) for seed in (3, 3, 4)]
    logits = [model.predict(data.batch) for model in models]
    np.testing.assert_array_equal(logits[0], logits[1])
    assert not np.allclose(logits[0], logits[2])


def test_empty_batch_has_empty_logits_and_features(fitted, make_data, make_context):
    data = make_data()
    trained = fitted(erm.submission, data, make_context("multimodal"), epochs=1)
    empty = data.batch.take(slice(0, 0))
    assert trained.predict(empty).shape == (0, 3)
    assert trained.encode(empty).shape == (0, 128)


def test_predict_before_fit_is_an_error(make_data):
    with pytest.raises(SubmissionError, match=r"erm is not trained yet; call fit\(\) first"):
        erm.submission.with_options().predict(make_data().batch)


def test_missing_annotations_are_an_error(make_data, make_context):
    data = make_data().restrict("none", "train")
    with pytest.raises(SubmissionError, match="group_dro: needs groups"):
        group_dro.submission.with_options(epochs=1).fit(data, data, make_context())


def test_loss_that_is_not_finite_is_an_error_with_method_and_epoch(fitted, make_data, make_context):
    def fit(problem, hyper):
        def objective(step):
            return step.losses.mean() / (step.progress < 0.5)

        return erm.train(problem.network(hyper), problem, hyper, objective=objective)

    with pytest.raises(SubmissionError, match=r"broken: the loss is (nan|inf) in epoch 3 of 4"):
        fitted(Baseline("broken", fit, Recipe(), access="none"), make_data(), make_context(), epochs=4)
