"""The selection rules side by side: what each would have picked, and how that does on test."""

import numpy as np

from spurgen.benchmark.checkpoint_rules import RULES, ValScore, best
from spurgen.generators import Samples, sample
from spurgen.harness import metrics
from spurgen.harness.running.batching import cut
from spurgen.harness.running.query import Asker, ask_mixed
from spurgen.harness.running.task_data import inputs, shown, task_groups


def compare_rules(asker: Asker, train: Samples, val: Samples) -> dict[str, dict[str, float]]:
    """Maps each rule to test `accuracy`, `wga` and the `checkpoint` it picks; {} for fewer than two checkpoints.

    The scorer knows the groups of val, so it can say what `val_wga` would pick even for a submission
    that may not see them. Where there is nothing but `encode`, every checkpoint gets a probe of its own, fitted
    on `train`. Leaves the submission at some checkpoint.
    """
    if asker.worker.checkpoints < 2:
        return {}
    scores = []
    for place in range(asker.worker.checkpoints):
        _go_back(asker, place, train)
        scores.append(score_on(asker, val, "val"))
    scenario = asker.task.scenario
    test = sample(scenario, "test", range(scenario.num_test), **shown(asker.task))
    picks = {rule: best(scores, rule) for rule in RULES}
    found = {}
    for place in sorted(set(picks.values())):
        _go_back(asker, place, train)
        score = score_on(asker, test, "test")
        found[place] = {"accuracy": score.accuracy, "wga": float(score.worst or 0), "checkpoint": float(place)}
    return {rule: found[place] for rule, place in picks.items()}


def _go_back(asker: Asker, place: int, train: Samples) -> None:
    asker.worker.restore(place)
    asker.fit_probe(train)


def score_on(asker: Asker, samples: Samples, where: str) -> ValScore:
    """Asks about a split and scores the answers, over all and over the groups that occur."""
    chunks = cut(where, inputs(asker.task, samples))
    logits = ask_mixed(asker, "logits", chunks, np.random.default_rng(), where)[where]
    _, groups = np.unique(task_groups(asker.task, samples.group_ids), return_inverse=True)
    counts = metrics.group_counts(logits, samples.labels, groups)
    return ValScore(metrics.accuracy(logits, samples.labels), counts.worst, float(counts.accuracies.mean()))
