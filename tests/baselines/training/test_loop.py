"""Training: the loop, predictions, and the solver, whose answer is the optimum whatever the order, seed or budget."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from spurgen.baselines import group_dro, reweight
from spurgen.baselines.cvar_dro import cvar, smooth_cvar
from spurgen.baselines.training import loop
from spurgen.baselines.training.data import Data, Inputs
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.loop import CHUNK, features, logits, train, validate
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import Batches, shuffled, weighted
from spurgen.benchmark.checkpoint_rules import ValScore
from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SubmissionError

RECIPE = Recipe(epochs=2, batch_size=16, lr=0.1, weight_decay=0.5)


def nothing(step):
    """Return a loss without gradient, so that only weight decay changes the weights."""
    return 0.0 * step.losses.sum()


@pytest.fixture
def trained(make_problem):
    """Return a function that trains 2 epochs of 5 steps; it returns weights before and after, and learning rates."""

    def run(recipe=RECIPE):
        problem, rates = make_problem(80), []
        network = problem.network(recipe)
        before = [p.detach().clone() for p in network.parameters()]
        hook = register_optimizer_step_pre_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
        try:
            train(network, problem, recipe, sampler=shuffled(torch.arange(80), 16), objective=nothing)
        finally:
            hook.remove()
        return before, list(network.parameters()), rates

    return run


def test_learning_rate_rises_to_its_peak_and_falls_as_a_cosine(trained):
    _, _, rates = trained()
    # progress is 0, .1, .2, ...; the rate rises from 5 % until .2, then half a cosine spans the other .8
    falling = [0.5 + 0.5 * math.cos(math.pi * k / 8) for k in range(8)]
    assert rates == pytest.approx([0.1 * share for share in (0.05, 0.525, *falling)])


def test_a_curve_names_each_score_on_val(make_problem, monkeypatch):
    monkeypatch.setattr(loop, "validate", lambda *_: ValScore(0.9, 0.1, 0.5, 0.3))
    problem, recipe = make_problem(6), Recipe(epochs=1, batch_size=6)
    train(problem.network(recipe), problem, recipe)
    shown = {name: value for name, value in problem.journal.curves[0].items() if name.startswith("val_")}
    assert shown == {"val_accuracy": 0.9, "val_wga": 0.1, "val_robust": 0.3}


def test_a_note_is_averaged_over_the_steps_that_have_it(make_problem):
    def objective(step):
        step.notes |= {"early": torch.tensor(2.0)} if step.progress < 0.5 else {}
        return nothing(step)

    problem, recipe = make_problem(6), Recipe(epochs=1, batch_size=2)
    train(problem.network(recipe), problem, recipe, objective=objective)
    assert problem.journal.curves[0]["early"] == 2


def test_weights_decay_by_the_learning_rate_times_the_weight_decay(trained):
    before, after, rates = trained()
    left = math.prod(1 - 0.5 * rate for rate in rates)
    assert 0.5 < left < 0.9
    for a, b in zip(before, after, strict=True):
        torch.testing.assert_close(b.detach(), left * a, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("epochs", "stored"),
    [(3, [1, 2, 3]), (10, [*range(1, 11)]), (11, [2, 4, 6, 8, 10, 11]), (25, [*range(3, 25, 3), 25])],
)
def test_at_most_ten_checkpoints_are_stored_including_the_last(epochs, stored, make_problem):
    problem, recipe = make_problem(6), Recipe(epochs=epochs, batch_size=6, lr=0.1, weight_decay=0.5)
    network = problem.network(recipe)
    train(network, problem, recipe, sampler=shuffled(torch.arange(6), 6), objective=nothing)
    assert len(stored) <= 10
    assert [checkpoint.epoch for checkpoint in network.checkpoints] == stored
    sizes = [checkpoint.weights["head.weight"].norm().item() for checkpoint in network.checkpoints]
    assert sizes == sorted(set(sizes), reverse=True)  # weights decay, so each epoch has its own
    assert sizes[-1] == network.head.weight.norm().item()
    accuracies = [curve["val_accuracy"] for curve in problem.journal.curves]
    assert [checkpoint.score.accuracy for checkpoint in network.checkpoints] == [accuracies[k - 1] for k in stored]


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


def log_probs(network, problem):
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
    shares = log_probs(network, problem).exp().mean(0)
    expected = torch.bincount(problem.train.labels) / len(unequal.labels)
    torch.testing.assert_close(shares, expected.to(shares), atol=2e-3, rtol=0)


def test_journal_shows_that_the_optimum_was_reached(made, solved):
    network, problem = solved(made)
    (curve,) = problem.journal.curves
    assert curve["gradient"] <= loop.TOLERANCE
    assert curve["iterations"] > 0
    z = log_probs(network, problem)
    assert curve["loss"] == pytest.approx(torch.nn.functional.cross_entropy(z, problem.train.labels).item())
    assert curve["val_accuracy"] == (z.argmax(1) == problem.train.labels).double().mean().item()
    assert problem.journal.checks == {"train reached its optimum": True}
    (checkpoint,) = network.checkpoints
    assert torch.equal(checkpoint.weights["head.weight"], network.head.weight)


def test_iterations_that_end_early_fail_the_sanity_check(made, solved, monkeypatch):
    monkeypatch.setattr(loop, "MAX_ITERATIONS", 0)
    _, problem = solved(made, stage="first")
    assert problem.journal.checks == {"first reached its optimum": False}


def test_a_weight_is_worth_as_many_repetitions(made, solved):
    counts = np.where(made.group_ids % 2, 5, 2)
    network, problem = solved(made, sampler=weighted(torch.from_numpy(counts), 16))
    repeated = torch.arange(96).repeat_interleave(torch.from_numpy(counts))
    same, _ = solved(made, sampler=shuffled(repeated, 16))
    torch.testing.assert_close(log_probs(same, problem), log_probs(network, problem), atol=1e-3, rtol=0)
    plain, _ = solved(made)
    assert (log_probs(plain, problem) - log_probs(network, problem)).abs().max() > 0.1


@pytest.mark.parametrize("hidden", [False, True])
def test_neither_order_nor_seed_nor_budget_changes_the_solution(hidden, made, solved, monkeypatch):
    monkeypatch.setattr(loop, "TOLERANCE", 1e-6)
    network, problem = solved(made, hidden=hidden, l2=1e-2)
    other, _ = solved(made, seed=5, hidden=hidden, l2=1e-2)
    order = np.random.default_rng(1).permutation(96)
    shuffled_too, _ = solved(taken(made, order), hidden=hidden, l2=1e-2)
    monkeypatch.setattr(loop, "MAX_ITERATIONS", 4 * loop.MAX_ITERATIONS)
    longer, _ = solved(made, hidden=hidden, l2=1e-2)
    for same in (other, shuffled_too, longer):
        torch.testing.assert_close(log_probs(same, problem), log_probs(network, problem), atol=1e-6, rtol=0)


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
    each = 3 * loop.FIXED_EPOCHS
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
    torch.testing.assert_close(log_probs(network, problem), log_probs(same, problem), atol=2e-3, rtol=1e-3)


def test_loss_that_is_not_finite_is_an_error(made, solved):
    with pytest.raises(SubmissionError, match="the loss is nan; raise l2"):
        solved(made, objective=lambda step: step.losses.mean() * torch.nan)


def test_pairs_are_joined_with_each_sample_before_its_partner(made, solved):
    seen = []

    def objective(step):
        seen.append(step.indices)
        return step.losses.mean()

    batches = torch.tensor([[0, 1, 10, 11], [2, 3, 12, 13]])
    solved(made, objective=objective, sampler=Batches(lambda _: batches, paired=True))
    expected = torch.arange(4).repeat(loop.FIXED_EPOCHS)
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
    monkeypatch.setattr(loop, "CHECKED_EVERY", 1)  # 20 iterations can be many times more exact than is asked for
    plain, patient = (solved(made, budget=budget)[1].journal.curves[-1] for budget in (1, 64))
    assert loop.TOLERANCE / 64 < plain["gradient"] <= loop.TOLERANCE
    assert patient["gradient"] <= loop.TOLERANCE / 64
    assert patient["iterations"] > plain["iterations"]


def test_a_larger_budget_takes_more_steps_where_nothing_is_solved(made, solved, monkeypatch):
    monkeypatch.setattr(loop, "MOST_EPOCHS", 5)

    def objective(step):
        return step.losses.mean()

    objective.solvable = False
    epochs = [len(solved(made, budget=budget, objective=objective)[1].journal.curves) for budget in (1, 2)]
    assert epochs == [5, 10]


@pytest.fixture
def chunked(make_data, make_context):
    """A problem of images and captions, larger than a chunk."""
    data = make_data(n=CHUNK + 7)
    return Problem.of(data, data, make_context("multimodal"))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("function", [logits, features])
def test_outputs_are_those_of_each_sample_alone_in_any_mode(function, training, chunked):
    network, inputs = chunked.network(Recipe(feature_dim=16)).train(training), chunked.train.inputs
    before = {name: part.clone() for name, part in network.state_dict().items()}
    actual = function(network, inputs)
    assert {module.training for module in network.modules()} == {training}
    assert all(torch.equal(part, before[name]) for name, part in network.state_dict().items())  # running means as well
    assert not actual.requires_grad
    network.eval()
    alone = network if function is logits else network.encode
    with torch.no_grad():
        expected = torch.cat([alone(inputs.take(slice(k, k + 1))) for k in range(len(inputs))])
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-3)
    assert (actual - actual.roll(1, 0)).abs().max(1).values.min() > 2e-3  # no sample has its neighbour's output


class Parrot(nn.Module):
    """Network that predicts the class that the first token names."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(1, 3)

    def forward(self, inputs):
        assert not self.training
        return nn.functional.one_hot(inputs.tokens[:, 0], 3).float()


def spoken(predicted, labels, groups=None):
    tokens = torch.tensor(predicted)[:, None]
    groups = None if groups is None else torch.tensor(groups)
    return Data(Inputs(None, tokens), torch.tensor(labels), num_groups=6, group_ids=groups)


def test_a_split_is_scored_by_hand_with_empty_groups():
    # groups 0, 1, 3 and 4 have 1 of 2, 3 of 3, 1 of 4 and 1 of 1 right; 2 and 5 are empty
    predicted = [0, 1, 0, 0, 0, 1, 0, 2, 2, 2]
    labels = [0, 0, 0, 0, 0, 1, 1, 1, 1, 2]
    groups = [0, 0, 1, 1, 1, 3, 3, 3, 3, 4]
    score = validate(Parrot(), spoken(predicted, labels, groups))
    # the even groups, of the first pattern, have 2 of 3 right, the odd ones 4 of 7
    assert score == pytest.approx(ValScore(6 / 10, 1 / 4, (1 / 2 + 1 + 1 / 4 + 1) / 4, 4 / 7))


def test_without_groups_there_is_accuracy_alone():
    assert validate(Parrot(), spoken([0, 1, 2, 2], [0, 1, 2, 0])) == ValScore(0.75)
