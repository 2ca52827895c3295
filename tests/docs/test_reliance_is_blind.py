"""What docs/metrics.md says of ERM on composite-text is what its stored answers give.

There class = noun + 5 x bit, mod 10, so the class with the same noun is label + 5.
"""

from pathlib import Path

import numpy as np

from spurgen.benchmark import load_suite
from spurgen.generators import aligned_values, sample
from spurgen.harness.metrics.reliance import reliance
from spurgen.harness.results.store import SHIPPED, Store

METRICS = " ".join((Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8").split())
ERM = Store(SHIPPED, "v2").row("erm")["composite-text"]
TASK = load_suite("v2").tasks["composite-text"]


class Drawn:
    """The first test samples of a world: labels, the other class of the same noun, and what the channels vote for."""

    def __init__(self, world, size):
        scenario = load_suite("v2").scenario(f"composite-text-w{world}")
        samples = sample(scenario, "test", range(size))
        self.labels = np.asarray(samples.labels)
        self.other = (self.labels + 5) % 10
        self.aligned = {name: aligned_values(scenario, name) for name in TASK.channels}
        self.shown = {name: np.asarray(samples.channel_values[name]) for name in TASK.channels}

    def votes(self, classes, **redrawn):
        """Return how many channels show the value that goes with a class, int64 (n,)."""
        shown = self.shown | redrawn
        return sum(self.aligned[name][shown[name], classes].astype(int) for name in TASK.channels)

    def noun_and_vote(self, **redrawn):
        """Return the probabilities of a model that reads the noun and lets the channels vote on the other part."""
        lead = np.sign(self.votes(self.labels, **redrawn) - self.votes(self.other, **redrawn))
        probs = np.zeros((len(lead), 10))
        rows = np.arange(len(lead))
        probs[rows, self.labels], probs[rows, self.other] = (1 + lead) / 2, (1 - lead) / 2
        return probs


def decimals(value, digits):
    return f"{value:.{digits}f}".removeprefix("0")


def test_where_all_channels_conflict_erm_is_wrong_as_soon_as_one_votes_for_the_class_with_the_same_noun():
    right, votes = [], []
    for result, correct in zip(ERM.results, ERM.correct, strict=True):
        drawn = Drawn(result.seed, len(correct))
        conflict = drawn.votes(drawn.labels) == 0
        right.append(correct[conflict])
        votes.append(drawn.votes(drawn.other)[conflict])
    right, votes = np.concatenate(right), np.concatenate(votes)
    none, one = right[votes == 0], right[votes == 1]
    assert not right[votes > 1].any()
    assert (
        f"right in {decimals(none.mean(), 3)} of the {len(none):,} samples in which no channel votes for the class "
        f"with the same noun, in {decimals(one.mean(), 3)} of the {len(one):,} in which one does, and in none of the "
        f"{(votes > 1).sum()} in which two or three do." in METRICS
    )


def test_a_model_that_takes_one_part_of_the_class_from_the_channels_has_little_reliance_and_so_has_erm():
    totals = []
    for result in ERM.results:
        drawn = Drawn(result.seed, TASK.scenario.splits.twins)
        totals.append(0.0)
        for name in TASK.channels:
            twins = [drawn.noun_and_vote(**{name: np.full(len(drawn.labels), value)}) for value in range(10)]
            totals[-1] += reliance(np.stack(twins, axis=1), drawn.aligned[name])
    erm = np.mean([sum(channel["reliance"] for channel in result.channels.values()) for result in ERM.results])
    assert f"vote of the channels has a total reliance of {decimals(np.mean(totals), 2)}." in METRICS
    assert f"ERM, with {decimals(erm, 2)}, is close to that model." in METRICS
