"""The solver on frozen features: what it finds is the optimum, whatever the order, the seed or the budget."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from spurgen.baselines import group_dro, reweight
from spurgen.baselines.cvar_dro import cvar, smooth_cvar
from spurgen.baselines.training import loop
from spurgen.baselines.training import solve as module
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.loop import train
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import Pairs, shuffled, weighted
from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SubmissionError

L2 = 1e-4


@pytest.fixture
def made(make_data):
    """Data of 96 samples with 10 features, of which the first three are higher for a class, one sample in eight not."""
    data = make_data(n=96, modality="text")
    rng = np.random.default_rng(0)
    features = rng.normal(size=(96, 10)) + 2 * np.eye(10)[data.channel_values["corner"]]
    return dataclasses.replace(data, batch=Batch(None, None, features.astype(np.float32)), twins=None)


def taken(data, indices):
    columns = ("labels", "env_ids", "group_ids")
    values = {name: values[indices] for name, values in data.channel_values.items()}
    return dataclasses.replace(
        data, batch=data.batch.take(indices), channel_values=values,
        **{name: getattr(data, name)[indices] for name in columns},
    )  # fmt: skip


@pytest.fixture
def solved(make_context):
    def run(data, seed=0, hidden=False, l2=L2, budget=1, **arguments):
        recipe = Recipe(l2=l2, feature_dim=6, budget=budget)
        problem = Problem.of(data, data, make_context("text", seed))
        network = train(problem.network(recipe, hidden=hidden), problem, recipe, **arguments)
        return network, problem

    return run


def logits(network, problem):
    """Return logarithms of probabilities: a constant that is added to all biases changes neither loss nor l2."""
    return network(problem.train.inputs).detach().log_softmax(1)


def test_solution_is_that_of_logistic_regression(made, solved):
    network, problem = solved(made)
    x, y = problem.train.inputs.vectors.numpy(), made.labels
    peer = LogisticRegression(C=1 / (2 * L2 * len(y)), tol=1e-10, max_iter=10_000).fit(x, y)

    def loss(coefficients, intercepts):
        z = torch.from_numpy(x @ coefficients.T + intercepts)
        return torch.nn.functional.cross_entropy(z, torch.from_numpy(y)).item() + L2 * (coefficients**2).sum()

    weight, bias = (part.detach().numpy() for part in (network.head.weight, network.head.bias))
    assert loss(weight, bias) == pytest.approx(loss(peer.coef_, peer.intercept_), abs=1e-6)
    np.testing.assert_allclose(weight, peer.coef_, atol=2e-3 * np.abs(peer.coef_).max())


def test_biases_are_not_penalised(made, solved):
    unequal = taken(made, np.flatnonzero((made.labels != 0) | (np.arange(96) % 2 == 0)))
    network, problem = solved(unequal, l2=1.0)  # what is free still fits the sizes of the classes
    shares = logits(network, problem).exp().mean(0)
    expected = torch.bincount(problem.train.labels) / len(unequal.labels)
    torch.testing.assert_close(shares, expected.to(shares), atol=2e-3, rtol=0)


def test_journal_shows_that_the_optimum_was_reached(made, solved):
    network, problem = solved(made)
    (curve,) = problem.journal.curves
    assert curve["gradient"] <= module.TOLERANCE
    assert curve["iterations"] > 0
    z = logits(network, problem)
    assert curve["loss"] == pytest.approx(torch.nn.functional.cross_entropy(z, problem.train.labels).item())
    assert curve["val_accuracy"] == (z.argmax(1) == problem.train.labels).double().mean().item()
    assert problem.journal.checks == {"train reached its optimum": True}
    (checkpoint,) = network.checkpoints
    assert torch.equal(checkpoint.weights["head.weight"], network.head.weight)


def test_iterations_that_end_early_fail_the_sanity_check(made, solved, monkeypatch):
    monkeypatch.setattr(module, "MAX_ITERATIONS", 0)
    _, problem = solved(made, stage="first")
    assert problem.journal.checks == {"first reached its optimum": False}


def test_a_weight_is_worth_as_many_repetitions(made, solved):
    counts = np.where(made.group_ids % 2, 5, 2)
    network, problem = solved(made, sampler=weighted(torch.from_numpy(counts), 16))
    repeated = torch.arange(96).repeat_interleave(torch.from_numpy(counts))
    same, _ = solved(made, sampler=shuffled(repeated, 16))
    torch.testing.assert_close(logits(same, problem), logits(network, problem), atol=1e-3, rtol=0)
    plain, _ = solved(made)
    assert (logits(plain, problem) - logits(network, problem)).abs().max() > 0.1


@pytest.mark.parametrize("hidden", [False, True])
def test_neither_order_nor_seed_nor_budget_changes_the_solution(hidden, made, solved, monkeypatch):
    monkeypatch.setattr(module, "TOLERANCE", 1e-6)
    network, problem = solved(made, hidden=hidden, l2=1e-2)
    other, _ = solved(made, seed=5, hidden=hidden, l2=1e-2)
    order = np.random.default_rng(1).permutation(96)
    shuffled_too, _ = solved(taken(made, order), hidden=hidden, l2=1e-2)
    monkeypatch.setattr(module, "MAX_ITERATIONS", 4 * module.MAX_ITERATIONS)
    longer, _ = solved(made, hidden=hidden, l2=1e-2)
    for same in (other, shuffled_too, longer):
        torch.testing.assert_close(logits(same, problem), logits(network, problem), atol=1e-6, rtol=0)


def test_parameters_without_influence_stay(made, solved):
    def on_constants(step):
        step.features = torch.ones(96, 6, dtype=torch.float64)
        return step.losses.mean()

    network, problem = solved(made, hidden=True, objective=on_constants)
    fresh = problem.network(Recipe(feature_dim=6), hidden=True)
    assert torch.equal(network.vector.weight, fresh.vector.weight)
    assert not torch.equal(network.head.weight, fresh.head.weight)


def test_objectives_that_compare_samples_get_fixed_batches(made, solved):
    seen = []

    def objective(step):
        seen.append((tuple(step.indices.tolist()), torch.rand(()).item(), step.weights))
        return step.losses.mean()

    state = torch.random.get_rng_state()
    draw = shuffled(torch.arange(96), 32)
    solved(made, objective=objective, sampler=lambda generator: draw(generator))  # without its weights
    assert torch.equal(torch.random.get_rng_state(), state)
    each = 3 * module.FIXED_EPOCHS
    assert len(seen) > 5 * each
    assert len(set(seen)) == each
    assert {len(indices) for indices, _, _ in seen} == {32}


def test_a_smooth_counterpart_is_minimised_in_place_of_the_objective(made, solved):
    class Objective:
        __call__ = None

        def whole(self, step):
            return 2 * step.losses.mean()

    network, problem = solved(made, objective=Objective())
    same, _ = solved(made, l2=L2 / 2)
    torch.testing.assert_close(logits(network, problem), logits(same, problem), atol=2e-3, rtol=1e-3)


def test_loss_that_is_not_finite_is_an_error(made, solved):
    with pytest.raises(SubmissionError, match="the loss is nan; raise l2"):
        solved(made, objective=lambda step: step.losses.mean() * torch.nan)


def test_pairs_are_joined_with_each_sample_before_its_partner(made, solved):
    seen = []

    def objective(step):
        seen.append(step.indices)
        return step.losses.mean()

    solved(made, objective=objective, sampler=Pairs(lambda _: torch.tensor([[0, 1, 10, 11], [2, 3, 12, 13]])))
    expected = torch.arange(4).repeat(module.FIXED_EPOCHS)
    assert all(torch.equal(indices, torch.cat([expected, expected + 10])) for indices in seen)


def test_the_worst_group_of_group_dro_is_no_worse_than_that_of_reweight(made, make_context):
    def group_losses(method, **options):
        fitted = method.submission.with_options(l2=1e-3, **options)
        fitted.fit(made, made, make_context("text"))
        z = torch.from_numpy(fitted.predict(made.batch))
        losses = torch.nn.functional.cross_entropy(z, torch.from_numpy(made.labels), reduction="none").numpy()
        return np.array([losses[made.group_ids == group].mean() for group in np.unique(made.group_ids)])

    balanced, worst = group_losses(reweight), group_losses(group_dro, sharpness=1e3)
    assert worst.max() < balanced.max() - 0.01
    assert np.ptp(worst) < np.ptp(balanced)
    np.testing.assert_allclose(group_losses(group_dro, sharpness=0.01), balanced, atol=0.02)


@pytest.mark.parametrize("alpha", [0.05, 0.3, 1.0])
def test_smooth_cvar_approaches_the_cvar_and_has_its_gradient(alpha):
    losses = torch.rand(200, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    (gradient,) = torch.autograd.grad(smooth_cvar(losses, alpha, 1e4), losses)
    assert smooth_cvar(losses, alpha, 1e4).item() == pytest.approx(cvar(losses.float(), alpha).item(), abs=1e-4)
    (exact,) = torch.autograd.grad(cvar(losses.float(), alpha), losses)
    torch.testing.assert_close(gradient, exact, atol=0.2 / (200 * alpha), rtol=0)
    assert gradient.sum().item() == pytest.approx(1, abs=1e-3)


def test_a_larger_budget_solves_more_exactly(made, solved, monkeypatch):
    monkeypatch.setattr(module, "CHECKED_EVERY", 1)  # 20 iterations can be many times more exact than is asked for
    plain, patient = (solved(made, budget=budget)[1].journal.curves[-1] for budget in (1, 64))
    assert module.TOLERANCE / 64 < plain["gradient"] <= module.TOLERANCE
    assert patient["gradient"] <= module.TOLERANCE / 64
    assert patient["iterations"] > plain["iterations"]


def test_a_larger_budget_takes_more_steps_where_nothing_is_solved(made, solved, monkeypatch):
    monkeypatch.setattr(loop, "MOST_EPOCHS", 5)

    def objective(step):
        return step.losses.mean()

    objective.solvable = False
    epochs = [len(solved(made, budget=budget, objective=objective)[1].journal.curves) for budget in (1, 2)]
    assert epochs == [5, 10]
