"""Compare the selection rules: the checkpoint that each picks, and its metrics on test."""

import numpy as np

from spurgen.benchmark.checkpoint_rules import RULES, ValScore, best
from spurgen.benchmark.contract import Int64
from spurgen.benchmark.task import Rung
from spurgen.harness import metrics
from spurgen.harness.metrics.worst_group import GroupCounts
from spurgen.harness.running.batching import cut
from spurgen.harness.running.query import Asker, Floats, ask_mixed
from spurgen.harness.running.task_data import Part, annotated_groups, first_granted, part_of, task_groups


def compare_rules(asker: Asker, train: Part, val: Part) -> dict[str, dict[str, float]]:
    """Return the `checkpoint` that each rule picks, with its test `accuracy` and `wga`.

    {} if there are fewer than two checkpoints, and on a ladder.

    The scorer knows the groups of val, so all rules are computed even for a submission that may not see them; accuracy
    is that on the val samples that it may see. A submission that only encodes gets a separate probe per checkpoint,
    fitted on `train`. Which checkpoint the submission is left at is undefined.
    """
    if asker.worker.checkpoints < 2 or isinstance(asker.task, Rung):
        return {}
    scores = []
    for place in range(asker.worker.checkpoints):
        _restore(asker, place, train)
        scores.append(score_on_val(asker, val))
    test = part_of(asker.task, "test", range(asker.task.scenario.num_test))
    picks = {rule: best(scores, rule) for rule in RULES}
    on_test = {}
    for place in sorted(set(picks.values())):
        _restore(asker, place, train)
        logits, labels = _logits(asker, test, "test"), test.samples.labels
        accuracy = metrics.accuracy(logits, labels)
        worst = count_kinds(logits, labels, task_groups(asker.task, test.samples.group_ids)).worst
        on_test[place] = {"accuracy": accuracy, "wga": worst, "checkpoint": float(place)}
    return {rule: on_test[place] for rule, place in picks.items()}


def _restore(asker: Asker, place: int, train: Part) -> None:
    asker.worker.restore(place)
    asker.fit_probe(train.inputs, train.samples.labels)


def score_on_val(asker: Asker, val: Part) -> ValScore:
    """Score a submission on val as it scores itself: accuracy on the samples that its access tier is given.

    Groups and patterns are those that occur, over the channels that training may know.
    """
    task, labels = asker.task, val.samples.labels
    logits = _logits(asker, val, "val")
    first = first_granted(task, "val", asker.worker.about.access)
    ids = annotated_groups(task, val.samples.group_ids)
    by_group = count_kinds(logits, labels, ids)
    by_pattern = count_kinds(logits, labels, ids % 2 ** len(task.annotated))
    accuracy = metrics.accuracy(logits[first:], labels[first:])
    return ValScore(accuracy, by_group.worst, float(by_group.accuracies.mean()), by_pattern.worst)


def _logits(asker: Asker, part: Part, where: str) -> Floats:
    return ask_mixed(asker, "logits", cut(where, part.inputs), np.random.default_rng(), where)[where]


def count_kinds(logits: Floats, labels: Int64, kinds: Int64) -> GroupCounts:
    """Return the counts of every kind of sample that occurs; `kinds`: int64 (n,)."""
    return metrics.group_counts(logits, labels, np.unique(kinds, return_inverse=True)[1])
