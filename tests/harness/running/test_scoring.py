"""Every figure of a cell against its definition, written out plainly, on made-up answers that nothing favours."""

import numpy as np
import pytest

from spurgen.benchmark.errors import MetricError
from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.suite import Task
from spurgen.generators import sample
from spurgen.harness import metrics
from spurgen.harness.running.query import Answers
from spurgen.harness.running.scoring import score
from spurgen.harness.running.task_data import Block, task_groups, twin_blocks

CLASSES, BASES = 3, 24
TURN = [2, 0, 1, 3]  # takes every class's code for the next one's
FIELDS = {
    "suite": "none", "name": "small", "seed": 11, "num_classes": CLASSES, "image_size": 32, "core_visibility": 0.7,
    "channels": {"color": {"values": 3, "strength": 0.7}, "background": {"values": 4, "strength": 0.6}},
    "splits": {"train": 90, "val": 45, "test_per_group": 6, "twins": BASES},
}  # fmt: skip


@pytest.fixture(scope="module")
def task():
    return Task("small-text", make_scenario("test", **FIELDS), "text")


@pytest.fixture(scope="module")
def factors(task):
    return {split: sample(task.scenario, split, range(size), images=False, captions=False)
            for split, size in (("train", 90), ("val", 45), ("test", task.scenario.num_test))}  # fmt: skip


@pytest.fixture(scope="module")
def answers(task, factors):
    rng = np.random.default_rng(0)

    def logits(labels, sharpness=1.5):
        return rng.normal(size=(len(labels), CLASSES)) + sharpness * np.eye(CLASSES)[labels]

    test = factors["test"].labels
    blocks = {Block(): logits(test)} | {block: logits(test[:BASES], 1) for block in twin_blocks(task)}
    return Answers(logits(factors["val"].labels), factors["val"].labels, blocks)


@pytest.fixture(scope="module")
def scores(task, answers, factors):
    return score(task, answers, factors["test"], factors["train"])


def probabilities(logits, temperature):
    powers = np.exp(logits / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)


def shown(task, answers, name):
    """The logits on a channel's twins: a list over values."""
    return [answers.blocks[Block("channel", name, v)] for v in range(task.scenario.channels[name].values)]


def test_accuracies_are_shares_of_samples_groups_and_patterns(task, answers, factors, scores):
    test = factors["test"]
    correct = answers.blocks[Block()].argmax(axis=1) == test.labels
    groups = task_groups(task, test.group_ids)
    shares = np.array([correct[groups == group].mean() for group in range(12)])
    patterns = [shares[groups_of].mean() for groups_of in (np.arange(3) * 4 + pattern for pattern in range(4))]
    assert len({round(share, 6) for share in patterns}) == 4  # so that none can stand for another
    assert np.array_equal(scores.samples["correct"], correct)
    assert scores.metrics["accuracy"] == correct.mean()
    assert scores.metrics["wga"] == shares.min()
    assert scores.metrics["aligned_accuracy"] == pytest.approx(patterns[0])
    assert scores.metrics["conflicting_accuracy"] == pytest.approx(patterns[3])
    assert scores.patterns == pytest.approx(dict(zip(("aa", "ca", "ac", "cc"), patterns, strict=True)))
    assert scores.groups == tuple(int(correct[groups == group].sum()) for group in range(12))


def test_the_ceiling_is_the_scenarios(scores):
    assert scores.metrics["ceiling"] == pytest.approx(0.7 + 0.3 / 3)


@pytest.mark.parametrize(("calibrated", "suffix"), [(True, ""), (False, "_raw")])
def test_sensitivities_are_means_over_values_and_channels(task, answers, factors, scores, calibrated, suffix):
    labels, rows = factors["test"].labels[:BASES], np.arange(BASES)
    temperature = metrics.fit_temperature(answers.val, answers.val_labels) if calibrated else 1.0
    assert scores.metrics["temperature"] != pytest.approx(1, abs=0.05)

    def moved(logits):
        base = probabilities(answers.blocks[Block()][:BASES], temperature)
        return np.abs(base - probabilities(logits, temperature))[rows, labels]

    expected = {n: np.mean([moved(logits) for logits in shown(task, answers, n)]) for n in task.channels}
    assert expected["color"] != pytest.approx(expected["background"], rel=1e-3)
    assert {n: row[f"sss{suffix}"] for n, row in scores.channels.items()} == pytest.approx(expected)
    assert scores.metrics[f"sss{suffix}"] == pytest.approx(np.mean(list(expected.values())))
    losses = [
        -np.log(probabilities(answers.blocks[Block(kind)], temperature))[rows, labels].mean()
        for kind in ("ctrl", "unc")
    ]
    assert scores.metrics[f"ig{suffix}"] == pytest.approx(losses[0] - losses[1])
    if calibrated:
        assert scores.metrics["sss_placebo"] == pytest.approx(moved(answers.blocks[Block("placebo")]).mean())
        assert scores.metrics["core_sensitivity"] == pytest.approx(moved(answers.blocks[Block("core")]).mean())


def test_flips_are_against_the_base_and_over_all_channels(task, answers, factors, scores):
    base = answers.blocks[Block()][:BASES].argmax(axis=1)
    flips = {n: np.mean([t.argmax(axis=1) != base for t in shown(task, answers, n)], axis=0) for n in task.channels}
    assert {n: row["flip_rate"] for n, row in scores.channels.items()} == pytest.approx(
        {n: rates.mean() for n, rates in flips.items()}
    )
    assert scores.samples["flip"] == pytest.approx((flips["color"] + flips["background"]) / 2)
    assert scores.metrics["flip_rate"] == pytest.approx(np.mean([rates.mean() for rates in flips.values()]))
    right = [t.argmax(axis=1) == factors["test"].labels[:BASES] for n in task.channels for t in shown(task, answers, n)]
    robust = np.all([scores.samples["correct"][:BASES], *right], axis=0)
    assert np.array_equal(scores.samples["cra"], robust)
    assert scores.metrics["cra"] == robust.mean()


@pytest.fixture(scope="module")
def featured(task, answers, factors):
    """Answers with features that are the label's code; one test sample that judges, and every fifth before, err."""
    codes = {split: np.hstack([np.eye(CLASSES)[factors[split].labels], np.ones((len(factors[split].labels), 1))])
             for split in ("train", "test")}  # fmt: skip
    groups, half = task_groups(task, factors["test"].group_ids), task.scenario.num_test // 2
    wrong = np.arange(len(groups)) % 5 == 0
    wrong[half:] = False
    wrong[half + np.flatnonzero(groups[half:] == 5)[0]] = True
    codes["test"][wrong] = codes["test"][wrong][:, TURN]
    return Answers(answers.val, answers.val_labels, answers.blocks, codes)


def test_probes_are_fitted_on_train_and_on_the_first_half_and_judged_by_the_second(task, featured, factors):
    values = score(task, featured, factors["test"], factors["train"]).metrics
    half = task.scenario.num_test // 2
    groups = task_groups(task, factors["test"].group_ids)[half:]
    assert values["probe_train"] == pytest.approx(1 - 1 / half)
    size = (groups == 5).sum()
    assert values["probe_train_wga"] == pytest.approx(1 - 1 / size)
    first, second = featured.features["test"][:half], featured.features["test"][half:]
    labels = factors["test"].labels
    assert values["probe_balanced"] == metrics.probe_accuracy(first, labels[:half], second, labels[half:])


def test_each_probe_is_fitted_on_its_own_features(task, featured, factors):
    half = task.scenario.num_test // 2
    features = dict(featured.features)
    features["train"] = features["train"][:, TURN]  # another code than test's: of no use there
    values = score(task, Answers(**{**vars(featured), "features": features}), factors["test"], factors["train"]).metrics
    assert values["probe_train"] < 0.1
    assert values["probe_balanced"] == pytest.approx(1 - 1 / half)
    features = {"train": featured.features["train"], "test": featured.features["test"].copy()}
    features["test"][:half] = features["test"][:half, TURN]
    values = score(task, Answers(**{**vars(featured), "features": features}), factors["test"], factors["train"]).metrics
    assert values["probe_train"] == pytest.approx(1 - 1 / half)
    assert values["probe_balanced"] < 0.1


def test_a_channel_that_the_features_show_is_decoded(task, answers, factors):
    values = np.eye(4)[factors["test"].channel_values["background"]]
    features = {"train": np.zeros((90, 4)), "test": values}
    channels = score(
        task, Answers(answers.val, answers.val_labels, answers.blocks, features), factors["test"], factors["train"]
    ).channels
    assert channels["background"]["decoded"] == 1
    assert channels["color"]["decoded"] < 0.6


def test_a_group_that_the_probe_cannot_judge_is_an_error(task, featured, factors):
    features = {"train": featured.features["train"], "test": featured.features["test"][:20]}
    few = Answers(**{**vars(featured), "features": features})
    with pytest.raises(
        MetricError, match=r"probe: the second half of the first 20 test samples holds \d+ of 12 groups"
    ):
        score(task, few, factors["test"], factors["train"])
