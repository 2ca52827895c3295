"""Accuracy: the share of samples whose highest score is at the label, over all samples or averaged over classes."""

import numpy as np

from spurgen.harness.metrics.arrays import Bool, Labels, Scores, as_groups, as_integers, as_reals


def correct(logits: Scores, labels: Labels) -> Bool:
    """Return which samples are classified correctly, bool (n,); of equal scores the lowest class counts.

    `logits`: logits or probabilities (n, K). `labels`: integers (n,) in [0, K). Raises `MetricError` for non-finite or
    misshapen arrays, or labels out of range.
    """
    scores = as_reals("logits", logits, ("n", "K"))
    hits: Bool = scores.argmax(axis=1) == as_integers("labels", labels, *scores.shape)
    return hits


def accuracy(logits: Scores, labels: Labels) -> float:
    """Return the share of correct samples, in [0, 1]; arguments and errors as `correct`."""
    return float(correct(logits, labels).mean())


def class_accuracy(answers: Labels, labels: Labels, num_classes: int) -> float:
    """Return the accuracy averaged over classes, in [0, 1].

    `answers`, `labels`: integers (n,) in [0, K). Raises `MetricError` for arrays of another shape or range, or a class
    without samples.
    """
    truth = as_integers("labels", labels, "n", num_classes)
    _, sizes = as_groups(truth, "n", num_classes)
    given = as_integers("answers", answers, len(truth), num_classes)
    right = np.bincount(truth[given == truth], minlength=num_classes)
    return float((right / sizes).mean())
