"""Predictions of a network on whole splits, without gradient and in evaluation mode."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.data import Data, Inputs
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark.checkpoint_rules import ValScore

CHUNK = 128
"""Samples per forward pass: enough to use a core fully, few enough for the activations to stay in cache."""


def logits(network: Network, inputs: Inputs) -> Tensor:
    """Return logits float32 (n, K) on the CPU."""
    return _in_chunks(network, network, inputs, network.head.out_features)


def features(network: Network, inputs: Inputs) -> Tensor:
    """Return features float32 (n, d) on the CPU."""
    return _in_chunks(network, network.encode, inputs, network.head.in_features)


@torch.no_grad()  # not inference_mode: a method may train on these features
def _in_chunks(network: Network, function: Callable[[Inputs], Tensor], inputs: Inputs, width: int) -> Tensor:
    # Published results once counted errors in training mode, that is with batch statistics.
    training = network.training
    network.eval()
    outputs = torch.empty(len(inputs), width)
    for start in range(0, len(inputs), CHUNK):
        outputs[start : start + CHUNK] = function(inputs.take(slice(start, start + CHUNK)))
    network.train(training)
    return outputs


def validate(network: Network, data: Data) -> ValScore:
    """Score a network on a split, per group if the split shows groups."""
    correct = (logits(network, data.inputs).argmax(1).to(data.labels.device) == data.labels).double()
    if data.group_ids is None:
        return ValScore(correct.mean().item())
    patterns = data.group_ids % (data.num_groups // network.head.out_features)
    by_group, by_pattern = (_accuracies(correct, kinds) for kinds in (data.group_ids, patterns))
    return ValScore(correct.mean().item(), by_group.min().item(), by_group.mean().item(), by_pattern.min().item())


def close_epoch(network: Network, problem: Problem, stage: str, epoch: int, curve: Mapping[str, float]) -> ValScore:
    """Score a network on val, and add an entry with `curve` and the scores to the journal's curves."""
    score = validate(network, problem.val)
    scores = {"val_accuracy": score.accuracy, "val_wga": score.worst, "val_robust": score.robust}
    shown = {name: value for name, value in scores.items() if value is not None}
    problem.journal.curves.append({"stage": stage, "epoch": epoch, **curve, **shown})
    return score


def _accuracies(correct: Tensor, kinds: Tensor) -> Tensor:
    """Return the accuracy on each kind of sample that occurs; `correct` float64 (n,), `kinds` int64 (n,)."""
    sizes = torch.bincount(kinds)
    return (torch.bincount(kinds, correct) / sizes)[sizes > 0]
