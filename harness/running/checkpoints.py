"""Compare the selection rules: the checkpoint that each picks, and its metrics on test."""

import numpy as np

from spurgen.benchmark.checkpoint_rules import RULES, ValScore, best
from spurgen.generators import Samples, sample
from spurgen.harness import metrics
from spurgen.harness.running.batching import cut
from spurgen.harness.running.query import Asker, ask_mixed
from spurgen.harness.running.task_data import first_granted, halves_of, inputs, task_groups


def compare_rules(asker: Asker, train: Samples, val: Samples) -> dict[str, dict[str, float]]:
    """Return the `checkpoint` that each rule picks, with its test `accuracy` and `wga`; {} if there are fewer than two.

    The scorer knows the groups of val, so all rules are computed even for a submission that may not see them; accuracy
    is that on the val samples that it may see. A submission that only encodes gets a separate probe per checkpoint,
    fitted on `train`. Which checkpoint the submission is left at is undefined.
    """
    if asker.worker.checkpoints < 2:
        return {}
    scores = []
    for place in range(asker.worker.checkpoints):
        _restore(asker, place, train)
        scores.append(score_on(asker, val, "val", first_granted(asker.task, "val", asker.worker.about.access)))
    scenario = asker.task.scenario
    test = sample(scenario, "test", range(scenario.num_test), **halves_of(asker.task))
    picks = {rule: best(scores, rule) for rule in RULES}
    on_test = {}
    for place in sorted(set(picks.values())):
        _restore(asker, place, train)
        score = score_on(asker, test, "test")
        on_test[place] = {"accuracy": score.accuracy, "wga": float(score.worst or 0), "checkpoint": float(place)}
    return {rule: on_test[place] for rule, place in picks.items()}


def _restore(asker: Asker, place: int, train: Samples) -> None:
    asker.worker.restore(place)
    asker.fit_probe(train)


def score_on(asker: Asker, samples: Samples, where: str, first: int = 0) -> ValScore:
    """Return the accuracy on a split, and those on its worst group and pattern, of the groups that occur in it.

    The accuracy is that of the samples from `first` on.
    """
    chunks = cut(where, inputs(asker.task, samples))
    logits = ask_mixed(asker, "logits", chunks, np.random.default_rng(), where)[where]
    ids = task_groups(asker.task, samples.group_ids)
    kinds = (ids, ids % 2 ** len(asker.task.channels))
    occurring = (np.unique(kind, return_inverse=True)[1] for kind in kinds)
    by_group, by_pattern = (metrics.group_counts(logits, samples.labels, kind) for kind in occurring)
    accuracy, mean = metrics.accuracy(logits[first:], samples.labels[first:]), float(by_group.accuracies.mean())
    return ValScore(accuracy, by_group.worst, mean, by_pattern.worst)
