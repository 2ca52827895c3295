"""The checkpoints of a fake worker that each selection rule picks."""

from types import SimpleNamespace

import numpy as np
import pytest

from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.task import Task
from spurgen.generators import sample
from spurgen.harness.running.checkpoints import compare_rules
from spurgen.harness.running.query import Asker
from spurgen.harness.running.task_data import part_of, task_groups

SPLITS = {"train": 120, "val": 400, "test_per_group": 40, "twins": 4}
WORLD = {
    "suite": "none", "name": "few", "seed": 3, "num_classes": 2, "image_size": 32,
    "channels": {"color": {"values": 2, "strength": 0.9}},
}  # fmt: skip
TASK = Task("few-text", make_scenario("t", **WORLD, splits=SPLITS), "text")
EVEN = Task("even-text", make_scenario("t", **WORLD, splits=SPLITS | {"val_per_group": 60}), "text")


class Worker:
    """A fake worker whose answers depend on its checkpoint and on each sample's label, group and index in its split."""

    def __init__(self, function, checkpoints, *offers, task, access):
        self.function, self.checkpoints, self.place = function, checkpoints, -1
        self.about = SimpleNamespace(offers=offers, access=access)
        self.known = {}
        for split, size in (("train", 120), ("val", 400), ("test", task.scenario.num_test)):
            made = sample(task.scenario, split, range(size), images=False)
            facts = zip(made.labels.tolist(), task_groups(task, made.group_ids).tolist(), range(size), strict=True)
            self.known |= dict(zip(made.captions, facts, strict=True))

    def restore(self, place):
        self.place = place

    def send(self, what, batch, families):
        del families
        self.pending = what, batch

    def answer(self, count, width, where):
        del width, where
        assert count == len(self.pending[1])
        return np.array([self.function(self.place, *self.known[c]) for c in self.pending[1].captions], np.float64)


def rules(function, checkpoints, *offers, task=TASK, access="none"):
    train, val = (part_of(task, split, range(size)) for split, size in (("train", 120), ("val", 400)))
    return compare_rules(Asker(Worker(function, checkpoints, *offers, task=task, access=access), task), train, val)


def logits_of(label, *, is_right):
    return np.eye(2)[label if is_right else 1 - label]


def test_each_rule_picks_by_its_own_metric():
    def steps(place, label, group, index):
        aligned = group in {0, 2}  # groups are (class, pattern), patterns aligned and conflicting
        return logits_of(label, is_right=(aligned, index % 10 < 7, not aligned)[place])

    picks = rules(steps, 3, "predict", "restore")
    assert picks["val_accuracy"] == {"accuracy": 0.5, "wga": 0, "checkpoint": 0}  # nine in ten of val are aligned
    assert picks["val_wga"]["checkpoint"] == 1
    assert picks["val_wga"]["accuracy"] == pytest.approx(0.7, abs=0.01)
    assert picks["last"] == {"accuracy": 0.5, "wga": 0, "checkpoint": 2}


def test_the_worst_pattern_is_over_all_classes():
    def steps(place, label, group, index):
        one_group_is_wrong, both_patterns_suffer = group != 3, index % 10 < 4
        return logits_of(label, is_right=(one_group_is_wrong, both_patterns_suffer)[place])

    picks = rules(steps, 2, "predict", "restore")
    assert picks["val_wga"]["checkpoint"] == 1  # a group of the first checkpoint has no correct sample
    assert picks["val_robust"]["checkpoint"] == 0  # and half of its pattern


@pytest.mark.parametrize(("access", "picked"), [("none", 0), ("envs", 0), ("val_groups", 1)])
def test_accuracy_is_that_on_the_val_samples_that_the_tier_sees(access, picked):
    def steps(place, label, group, index):
        aligned, is_balanced = group in {0, 2}, index < 60 * 4
        return logits_of(label, is_right=(aligned, is_balanced or index % 10 < 4)[place])

    picks = rules(steps, 2, "predict", "restore", task=EVEN, access=access)
    assert picks["val_accuracy"]["checkpoint"] == picked
    assert picks["val_wga"]["checkpoint"] == 1


def test_channels_that_training_may_not_know_count_on_test_alone():
    world = WORLD | {"channels": WORLD["channels"] | {"shape": {"values": 2, "strength": 0.9, "hidden": True}}}
    task = Task("hidden-text", make_scenario("t", **world, splits=SPLITS), "text")

    def steps(place, label, group, index):
        color_conflicts, shape_conflicts = bool(group & 1), bool(group & 2)
        return logits_of(label, is_right=(not shape_conflicts, not color_conflicts or index % 10 < 7)[place])

    picks = rules(steps, 2, "predict", "restore", task=task)
    assert picks["val_robust"] == {"accuracy": 0.5, "wga": 0, "checkpoint": 0}
    assert picks["val_wga"]["checkpoint"] == 0


@pytest.mark.parametrize("checkpoints", [0, 1])
def test_fewer_than_two_checkpoints_give_no_comparison(checkpoints):
    assert rules(lambda *_: np.zeros(2), checkpoints, "predict", "restore") == {}


def test_every_checkpoint_of_an_encoder_gets_its_own_probe():
    picks = rules(lambda place, label, *_: (1 - 2 * place) * np.eye(2)[label], 2, "encode", "restore")
    assert picks["last"] == {"accuracy": 1, "wga": 1, "checkpoint": 1}
