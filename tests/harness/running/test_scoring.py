"""Every metric of a result against its definition, written out plainly, on random predictions."""

from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.task import Task
from spurgen.generators import aligned_values, twins
from spurgen.harness import metrics
from spurgen.harness.results.rows import columns_of
from spurgen.harness.running.query import Answers
from spurgen.harness.running.scoring import score
from spurgen.harness.running.task_data import CALIBRATION, Block, part_of, task_groups, twin_blocks

CLASSES, BASES = 3, 24
FIELDS = {
    "suite": "none", "name": "small", "seed": 11, "num_classes": CLASSES, "image_size": 32,
    "channels": {"color": {"values": 3, "strength": 0.7}, "background": {"values": 4, "strength": 0.6}},
    "splits": {"train": 90, "val": 45, "test_per_group": 6, "twins": BASES},
}  # fmt: skip


@pytest.fixture(scope="module")
def task():
    return Task("small-text", make_scenario("test", **FIELDS), "text")


@pytest.fixture(scope="module")
def answers(task):
    rng = np.random.default_rng(0)
    shown = {CALIBRATION: ("val", 45), Block(): ("test", task.scenario.num_test)}
    factors = {key: part_of(task, split, range(size)).samples for key, (split, size) in shown.items()}

    def logits(labels, sharpness=1.5):
        return rng.normal(size=(len(labels), CLASSES)) + sharpness * np.eye(CLASSES)[labels]

    test = factors[Block()].labels
    twin_logits = {block: logits(test[:BASES], 1) for block in twin_blocks(task)}
    return Answers({CALIBRATION: logits(factors[CALIBRATION].labels), Block(): logits(test), **twin_logits}, factors)


@pytest.mark.parametrize("kind", ["ctrl", "unc"])
def test_absurd_certainty_of_one_twin_costs_the_invariance_gap_ten_median_leads(task, answers, kind):
    logits, label = answers.logits[Block(kind)].copy(), answers.factors[Block()].labels[0]
    logits[0, (label + 1) % CLASSES] = 1e5  # wrong
    changed = replace(answers, logits={**answers.logits, Block(kind): logits})
    scores = score(task, changed)
    calibration = answers.logits[CALIBRATION]
    leads = np.sort(calibration.max(axis=1, keepdims=True) - calibration, axis=1)[:, 1:]
    temperature, sign, other = scores.metrics["temperature"], *{"ctrl": (1, "unc"), "unc": (-1, "ctrl")}[kind]
    loss_of_other = -np.log(probabilities(answers.logits[Block(other)][:1], temperature))[0, label]
    lost = sign * scores.samples["ig"][0] + loss_of_other
    assert lost * temperature == pytest.approx(10 * np.median(leads))


@pytest.fixture(scope="module")
def scores(task, answers):
    return score(task, answers)


def probabilities(logits, temperature):
    powers = np.exp(logits / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)


def channel_logits(task, answers, name):
    """Return the logits on a channel's twins, a list over values."""
    return [answers.logits[Block("channel", name, v)] for v in range(task.scenario.channels[name].values)]


def test_accuracies_are_shares_of_samples_groups_and_where_all_shortcuts_agree_or_mislead(task, answers, scores):
    test = answers.factors[Block()]
    correct = answers.logits[Block()].argmax(axis=1) == test.labels
    groups = task_groups(task, test.group_ids)
    shares = np.array([correct[groups == group].mean() for group in range(12)])
    patterns = [shares[groups_of].mean() for groups_of in (np.arange(3) * 4 + pattern for pattern in range(4))]
    assert len({round(share, 6) for share in patterns}) == 4  # all different, so that mixing them up is noticed
    assert np.array_equal(scores.samples["correct"], correct)
    assert scores.metrics["accuracy"] == correct.mean()
    assert scores.metrics["wga"] == shares.min()
    assert scores.metrics["robust_accuracy"] == pytest.approx(min(patterns[0], patterns[3]))
    assert scores.metrics["accuracy_agree"] == pytest.approx(patterns[0])
    assert scores.metrics["accuracy_mislead"] == pytest.approx(patterns[3])
    assert scores.groups == tuple(int(correct[groups == group].sum()) for group in range(12))


def test_predicted_classes_are_those_of_base_samples_channel_twins_and_core_twins(task, answers, scores):
    predicted = scores.samples["predicted"]
    assert (predicted.dtype, predicted.shape) == (np.uint8, (BASES, 1 + 3 + 4 + 1))
    columns = columns_of(task)
    assert columns == {"color": slice(1, 4), "background": slice(4, 8)}
    assert np.array_equal(predicted[:, 0], answers.logits[Block()][:BASES].argmax(axis=1))
    assert np.array_equal(predicted[:, -1], answers.logits[Block("core")].argmax(axis=1))
    for name, where in columns.items():
        for value, logits in enumerate(channel_logits(task, answers, name)):
            assert np.array_equal(predicted[:, where][:, value], logits.argmax(axis=1)), (name, value)


def test_sensitivities_are_means_over_values_and_channels(task, answers, scores):
    labels, rows = answers.factors[Block()].labels[:BASES], np.arange(BASES)
    temperature = metrics.fit_temperature(answers.logits[CALIBRATION], answers.factors[CALIBRATION].labels)
    assert scores.metrics["temperature"] != pytest.approx(1, abs=0.05)

    def moved(logits):
        base = probabilities(answers.logits[Block()][:BASES], temperature)
        return np.abs(base - probabilities(logits, temperature))[rows, labels]

    expected = {n: np.mean([moved(logits) for logits in channel_logits(task, answers, n)]) for n in task.channels}
    assert expected["color"] != pytest.approx(expected["background"], rel=1e-3)
    assert {n: row["sss"] for n, row in scores.channels.items()} == pytest.approx(expected)
    assert scores.metrics["sss"] == pytest.approx(np.mean(list(expected.values())))
    losses = [
        -np.log(probabilities(answers.logits[Block(kind)], temperature))[rows, labels].mean()
        for kind in ("ctrl", "unc")
    ]
    assert scores.metrics["ig"] == pytest.approx(losses[0] - losses[1])


def test_answers_follow_a_channel_where_they_are_classes_that_its_value_goes_with(task, answers, scores):
    expected = {}
    for name in task.channels:
        goes, followed = aligned_values(task.scenario, name), []
        for value, logits in enumerate(channel_logits(task, answers, name)):
            for answer, label in zip(logits.argmax(axis=1), answers.factors[Block()].labels, strict=False):
                if goes[value].any() and not goes[value, label]:
                    followed.append(goes[value, answer])
        expected[name] = np.mean(followed)
    assert {name: row["follows"] for name, row in scores.channels.items()} == pytest.approx(expected)
    assert scores.metrics["follows"] == pytest.approx(max(expected.values()))


def test_answers_use_the_thing_where_they_are_right_before_and_after_it_is_exchanged(task, answers, scores):
    before = answers.factors[Block()].labels[:BASES]
    after = twins(task.scenario, "test", range(BASES), "core", images=False, captions=False).labels
    assert (after != before).all()
    base, core = (answers.logits[block][:BASES].argmax(axis=1) for block in (Block(), Block("core")))
    used = [b == y and c == z for b, c, y, z in zip(base, core, before, after, strict=True)]
    assert scores.metrics["uses_thing"] == pytest.approx(np.mean(used))
    assert 0 < np.mean(used) < 1
