"""Balanced softmax on groups that are inferred from labels alone.

A strongly regularised ERM follows the shortcut. Its answer stands for the class that the shortcut votes for, and its
errors for the counterexamples (as in JTT, Liu et al. 2021). Where this reaches what balanced softmax reaches on given
groups, counterexamples give themselves away, and being given them is worth nothing.
"""

from dataclasses import replace

from pydantic.dataclasses import dataclass

from spurgen.baselines import bsoftmax, jtt
from spurgen.baselines.jtt import FirstStageRecipe, train_first
from spurgen.baselines.training.toolkit import Baseline, Network, Problem


@dataclass(frozen=True)
class Hyperparameters(FirstStageRecipe, bsoftmax.Hyperparameters):
    """Settings of balanced softmax, and of the ERM whose errors count as counterexamples."""


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train ERM, then balanced softmax on (class, whether ERM errs) groups, where ERM's answer is the shortcut."""
    labels = problem.train.labels
    answers = train_first(problem, hyper, "identification").argmax(1)
    inferred = replace(
        problem.train, num_groups=2 * problem.num_classes, group_ids=2 * labels + (answers != labels),
        channel_values={"inferred": answers},
    )  # fmt: skip
    return bsoftmax.fit(replace(problem, train=inferred), hyper)


submission = Baseline(
    __name__, fit, Hyperparameters(), access="none", version=2,
    frozen={
        "l2": bsoftmax.submission.hyper("features").l2, "first_l2": jtt.submission.hyper("features").first_l2,
    },
)  # fmt: skip
"""With the tuned l2 of `bsoftmax`, and the first l2 of `jtt`."""
