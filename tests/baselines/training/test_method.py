"""The epoch whose weights a trained method predicts with, where training is simulated, and the method's version."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spurgen.baselines.training import version
from spurgen.baselines.training.backbones import Checkpoint
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.version import method_version
from spurgen.benchmark.checkpoint_rules import ValScore
from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.plugins import discover

SCORES = (
    ValScore(0.6, 0.5, 0.5, 0.5),
    ValScore(0.9, 0.1, 0.4, 0.4),
    ValScore(0.7, 0.3, 0.6, 0.6),
    ValScore(0.5, 0.2, 0.2, 0.2),
)
BEST = {"val_wga": 0, "val_accuracy": 1, "val_robust": 2, "last": 3}
TRAINED = 9  # place of the weights after training, which are those of no checkpoint


def predicting(network, place):
    """Return weights with which all logits of a network are `place`."""
    weights = {name: part.clone() for name, part in network.state_dict().items()}
    return weights | {"head.weight": torch.zeros_like(network.head.weight), "head.bias": torch.full((3,), place)}


@pytest.fixture
def fitted(make_data, make_context):
    """Return a function that fits a method whose epochs had these scores; `trainings` counts its calls."""

    def run(access, scores=SCORES, **options):
        def fit(problem, hyper):
            run.trainings += 1
            network = problem.network(hyper)
            network.load_state_dict(predicting(network, TRAINED))
            for place, score in enumerate(scores):
                network.checkpoints.append(Checkpoint(place + 1, predicting(network, place), score))
            return network

        data, context = make_data(n=12, modality="text"), make_context("text")
        method = Baseline("some.mine", fit, Recipe(), access=access).with_options(**options)
        method.fit(data.restrict(access, "train"), data.restrict(access, "val"), context)
        (place,) = np.unique(method.predict(data.batch))
        return SimpleNamespace(method=method, place=place, rule=method.report()["selection"])

    run.trainings = 0
    return run


@pytest.mark.parametrize(
    ("access", "options", "rule"),
    [
        *((access, {}, "val_accuracy") for access in ("none", "envs", "twins")),
        *((access, {}, "val_robust") for access in ("val_groups", "train_groups")),
        ("none", {"selection": "tier"}, "val_accuracy"),
        *(
            (access, {"selection": rule}, rule)
            for access in ("none", "val_groups")
            for rule in ("last", "val_accuracy")
        ),
        *(("val_groups", {"selection": rule}, rule) for rule in ("val_wga", "val_robust")),
    ],
)
def test_the_rule_or_else_the_access_tier_picks_the_epoch(access, options, rule, fitted):
    actual = fitted(access, **options)
    assert (actual.place, actual.rule) == (BEST[rule], rule)


def test_network_without_checkpoints_keeps_its_final_weights(fitted):
    actual = fitted("none", scores=())
    assert (actual.place, actual.rule) == (TRAINED, None)


@pytest.mark.parametrize("rule", ["val_wga", "val_robust"])
def test_selection_by_groups_without_groups_is_an_error_before_training(rule, fitted):
    message = f"selection = '{rule}' needs groups on val, which ACCESS 'envs' withholds; choose last or val_accuracy"
    with pytest.raises(SubmissionError, match=f"^mine: {message}$"):
        fitted("envs", selection=rule)
    assert fitted.trainings == 0


def test_a_task_in_tensors_is_solved_with_the_weights_that_the_rule_picks(make_data, make_context):
    def fit(problem, hyper):
        network = problem.network(hyper)
        network.checkpoints += [Checkpoint(k + 1, predicting(network, k), score) for k, score in enumerate(SCORES)]
        return network

    data = replace(make_data(n=12), batch=Batch(None, None, np.zeros((12, 5), np.float32)))
    for access, rule in (("none", "val_accuracy"), ("train_groups", "val_robust")):
        train, val = (data.restrict(access, split) for split in ("train", "val"))
        problem = Problem.of(train, val, make_context())
        network = Baseline("some.mine", fit, Recipe(), access=access).solve(problem)
        assert network.head.bias.unique().item() == BEST[rule]


@pytest.fixture
def write_method(tmp_path, monkeypatch):
    """Write a method's file into a folder of its own, where `method_version` then looks."""
    monkeypatch.setattr(version, "__file__", str(tmp_path / "training" / "version.py"))
    return lambda code: (tmp_path / "mine.py").write_text(code)


def test_version_of_every_method_is_read_from_its_file():
    methods = discover("spurgen.baselines")
    assert {name: method_version(name) for name in methods} == {
        name: module.submission.VERSION for name, module in methods.items()
    }


@pytest.mark.parametrize(("arguments", "expected"), [("version=3", 3), ("", 1)])
def test_version_is_the_keyword_or_1(arguments, expected, write_method):
    write_method(f"raise RuntimeError('imported')\nsubmission = Baseline(__name__, {arguments})")
    assert method_version("mine") == expected


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("submission = None", "mine.py calls Baseline 0 times; expected once"),
        ("a = Baseline(version=1)\nb = Baseline(version=2)", "mine.py calls Baseline 2 times"),
        ("submission = Baseline(version='2')", "mine.py: version = '2'; expected a whole number"),
    ],
)
def test_unclear_version_is_an_error(code, message, write_method):
    write_method(code)
    with pytest.raises(ValueError, match=message):
        method_version("mine")


def test_changed_options_keep_the_version():
    method = discover("spurgen.baselines")["jtt"].submission
    assert method.with_options(epochs=1).VERSION == method.VERSION
