"""Every metric of a result against its definition, written out plainly, on random predictions."""

from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import aligned_values, twins
from spurgen.generators.world import world_of
from spurgen.harness import metrics
from spurgen.harness.running.data import CALIBRATION
from spurgen.harness.running.query import Answers
from spurgen.harness.running.scoring import score

CLASSES, BASES = 3, 24
TEST = "test"
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
    world = world_of(task.scenario)
    factors = {CALIBRATION: world.factors("val"), TEST: world.factors(TEST)}

    def logits(labels, sharpness=1.5):
        return rng.normal(size=(len(labels), CLASSES)) + sharpness * np.eye(CLASSES)[labels]

    test = factors[TEST].labels
    sizes = task.scenario.asked("text")
    twin_logits = {part: logits(np.resize(test[:BASES], size), 1) for part, size in sizes.items() if part != TEST}
    return Answers({CALIBRATION: logits(factors[CALIBRATION].labels), TEST: logits(test), **twin_logits}, factors)


@pytest.mark.parametrize("kind", ["ctrl", "unc"])
def test_absurd_certainty_of_one_twin_costs_the_invariance_gap_ten_median_leads(task, answers, kind):
    logits, label = answers.logits[f"twins/{kind}"].copy(), answers.factors[TEST].labels[0]
    logits[0, (label + 1) % CLASSES] = 1e5  # wrong
    changed = replace(answers, logits={**answers.logits, f"twins/{kind}": logits})
    scores = score(task, changed)
    calibration = answers.logits[CALIBRATION]
    leads = np.sort(calibration.max(axis=1, keepdims=True) - calibration, axis=1)[:, 1:]
    temperature, sign, other = scores.metrics["temperature"], *{"ctrl": (1, "unc"), "unc": (-1, "ctrl")}[kind]
    loss_of_other = -np.log(probabilities(answers.logits[f"twins/{other}"][:1], temperature))[0, label]
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
    return np.split(answers.logits[f"twins/channel/{name}"], task.scenario.channels[name].values)


def test_accuracies_are_shares_of_samples_groups_and_where_all_shortcuts_agree_or_mislead(task, answers, scores):
    test = answers.factors[TEST]
    correct = answers.logits[TEST].argmax(axis=1) == test.labels
    groups = world_of(task.scenario).groups(task.channels, test)
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


def test_predicted_classes_are_those_of_all_asked_parts_in_their_order(answers, scores):
    parts = ["test", "twins/core", "twins/ctrl", "twins/unc", "twins/channel/color", "twins/channel/background"]
    expected = np.concatenate([answers.logits[part].argmax(axis=1) for part in parts])
    assert scores.samples["predicted"].dtype == np.uint8
    np.testing.assert_array_equal(scores.samples["predicted"], expected[None, :])


def test_sensitivities_are_means_over_values_and_channels(task, answers, scores):
    labels, rows = answers.factors[TEST].labels[:BASES], np.arange(BASES)
    temperature = metrics.fit_temperature(answers.logits[CALIBRATION], answers.factors[CALIBRATION].labels)
    assert scores.metrics["temperature"] != pytest.approx(1, abs=0.05)

    def moved(logits):
        base = probabilities(answers.logits[TEST][:BASES], temperature)
        return np.abs(base - probabilities(logits, temperature))[rows, labels]

    expected = {n: np.mean([moved(logits) for logits in channel_logits(task, answers, n)]) for n in task.channels}
    assert expected["color"] != pytest.approx(expected["background"], rel=1e-3)
    assert {n: row["sss"] for n, row in scores.channels.items()} == pytest.approx(expected)
    assert scores.metrics["sss"] == pytest.approx(np.mean(list(expected.values())))
    losses = [
        -np.log(probabilities(answers.logits[f"twins/{kind}"], temperature))[rows, labels].mean()
        for kind in ("ctrl", "unc")
    ]
    assert scores.metrics["ig"] == pytest.approx(losses[0] - losses[1])


def test_answers_follow_a_channel_where_they_are_classes_that_its_value_goes_with(task, answers, scores):
    expected = {}
    for name in task.channels:
        goes, followed = aligned_values(task.scenario, name), []
        for value, logits in enumerate(channel_logits(task, answers, name)):
            for answer, label in zip(logits.argmax(axis=1), answers.factors[TEST].labels, strict=False):
                if goes[value].any() and not goes[value, label]:
                    followed.append(goes[value, answer])
        expected[name] = np.mean(followed)
    assert {name: row["follows"] for name, row in scores.channels.items()} == pytest.approx(expected)
    assert scores.metrics["follows"] == pytest.approx(max(expected.values()))


def test_answers_use_the_thing_where_they_are_right_before_and_after_it_is_exchanged(task, answers, scores):
    before = answers.factors[TEST].labels[:BASES]
    after = twins(task.scenario, "test", range(BASES), "core", images=False, captions=False).labels
    assert (after != before).all()
    base, core = (answers.logits[block][:BASES].argmax(axis=1) for block in (TEST, "twins/core"))
    used = [b == y and c == z for b, c, y, z in zip(base, core, before, after, strict=True)]
    assert scores.metrics["uses_thing"] == pytest.approx(np.mean(used))
    assert 0 < np.mean(used) < 1
