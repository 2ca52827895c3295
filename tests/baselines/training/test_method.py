"""Which epoch's weights a trained method answers with; the training is made up."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.journal import Checkpoint
from spurgen.baselines.training.method import Baseline
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.selection import ValScore

SCORES = (ValScore(0.6, 0.5, 0.5), ValScore(0.9, 0.1, 0.4), ValScore(0.7, 0.3, 0.6), ValScore(0.5, 0.2, 0.2))
BEST = {"val_wga": 0, "val_accuracy": 1, "last": 3}
TRAINED = 9  # where the network is after training, at none of its checkpoints


def answering(network, place):
    """Returns weights with which a network's logits are its place, whatever it is asked."""
    weights = {name: part.clone() for name, part in network.state_dict().items()}
    return weights | {"head.weight": torch.zeros_like(network.head.weight), "head.bias": torch.full((3,), place)}


@pytest.fixture
def fitted(make_data, make_context):
    """Returns a function that fits a method whose epochs had these scores; `asked` counts the trainings."""

    def run(access, scores=SCORES, **options):
        def fit(problem, hyper):
            run.asked += 1
            network = problem.network(hyper)
            network.load_state_dict(answering(network, TRAINED))
            for place, score in enumerate(scores):
                network.checkpoints.append(Checkpoint(place + 1, answering(network, place), score))
            return network

        data, context = make_data(n=12, modality="text"), make_context("text")
        method = Baseline("some.mine", fit, Recipe(), access=access).with_options(**options)
        method.fit(data.restrict(access, "train"), data.restrict(access, "val"), context)
        answers = np.unique(method.predict(data.batch))
        return SimpleNamespace(method=method, place=answers.item(), rule=method.report()["selection"])

    run.asked = 0
    return run


@pytest.mark.parametrize(
    ("access", "rule"),
    [
        ("none", "val_accuracy"), ("envs", "val_accuracy"), ("twins", "val_accuracy"),
        ("val_groups", "val_wga"), ("train_groups", "val_wga"),
    ],
)  # fmt: skip
def test_the_tier_selects_by_the_worst_group_only_where_it_shows_groups_on_val(access, rule, fitted):
    for found in (fitted(access), fitted(access, selection="tier")):
        assert (found.place, found.rule) == (BEST[rule], rule)


@pytest.mark.parametrize("access", ["none", "val_groups"])
@pytest.mark.parametrize("rule", ["last", "val_accuracy"])
def test_a_rule_that_needs_no_groups_is_followed_under_any_tier(rule, access, fitted):
    found = fitted(access, selection=rule)
    assert (found.place, found.rule) == (BEST[rule], rule)


def test_worst_group_selection_may_be_asked_for_where_there_are_groups(fitted):
    found = fitted("val_groups", selection="val_wga")
    assert (found.place, found.rule) == (BEST["val_wga"], "val_wga")


def test_every_checkpoint_can_be_gone_back_to(fitted, make_data):
    method = fitted("none").method
    assert method.checkpoints() == len(SCORES)
    for place in (2, 0, 3):
        method.restore(place)
        assert np.unique(method.predict(make_data(n=3, modality="text").batch)).tolist() == [place]


def test_a_network_without_checkpoints_answers_as_it_was_returned(fitted):
    found = fitted("none", scores=())
    assert (found.place, found.rule, found.method.checkpoints()) == (TRAINED, None, 0)


def test_worst_group_selection_without_groups_is_refused_before_training(fitted):
    told = (
        "^mine: selection = 'val_wga' needs groups on val, which ACCESS 'envs' withholds; choose last or val_accuracy$"
    )
    with pytest.raises(SubmissionError, match=told):
        fitted("envs", selection="val_wga")
    assert fitted.asked == 0
