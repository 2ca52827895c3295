"""Every metric of a result against its definition, written out plainly, on random predictions."""

from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import aligned_values, twins
from spurgen.generators.world import world_of
from spurgen.harness import metrics
from spurgen.harness.running.data import CALIBRATION, asked
from spurgen.harness.running.query import Answers
from spurgen.harness.running.scoring import ideal_answers, ideal_scores, score

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


CHANNELS = {"color": {"strength": 0.95}, "shape": {"strength": 0.95}}
SPLITS = {"train": 20000, "val": 4000, "test_per_group": 20, "twins": 400}


def task_of(modality="text", **fields):
    scenario = make_scenario("test", **({"suite": "test", "name": "w", "seed": 3, "splits": SPLITS} | fields))
    return Task("t", scenario, modality)


@pytest.mark.parametrize("modality", ["image", "text", "multimodal"])
def test_where_the_core_cue_suffices_it_uses_nothing_else(modality):
    scores = ideal_scores(task_of(modality, channels=CHANNELS))
    metrics = scores.metrics
    assert (metrics["robust_accuracy"], metrics["wga"]) == (1, 1)
    assert (metrics["uses_thing"], metrics["follows"]) == (1, 0)
    for name in ("sss", "ig"):
        assert metrics[name] == pytest.approx(0, abs=1e-3)


def test_noise_on_the_core_cue_makes_it_follow_channels_and_noise_on_labels_does_not():
    core, label = (task_of(channels=CHANNELS, label_noise=0.2, noise_kind=kind) for kind in ("core", "label"))
    # two channels at .95 outweigh the pictogram, one does not where the other agrees with the pictogram
    assert ideal_scores(core).metrics["accuracy_mislead"] < 0.1
    assert ideal_scores(core).metrics["follows"] > 0.1
    assert ideal_scores(label).metrics["robust_accuracy"] == 1
    assert ideal_scores(label).metrics["follows"] == 0


def test_a_core_cue_that_the_modality_does_not_show_leaves_the_channels():
    where = task_of("image", channels={"color": {"strength": 1.0}}, core_carrier="caption")
    assert ideal_scores(where).channels["color"]["follows"] == 1
    assert ideal_scores(where).metrics["uses_thing"] == 0
    assert ideal_scores(where).metrics["accuracy_mislead"] == 0
    without = ideal_scores(task_of("text", channels={"color": {"strength": 1.0}}, core_visibility=0.0))
    assert without.channels["color"]["follows"] == 1


def test_hidden_channels_are_evidence():
    channels = {"color": {"strength": 0.95, "hidden": True}, "shape": {"strength": 0.95}}
    open_, hidden = (task_of(channels=c, label_noise=0.2) for c in (CHANNELS, channels))
    assert ideal_scores(hidden).metrics == ideal_scores(open_).metrics


def test_it_answers_every_input_and_its_answers_on_train_are_calibrated():
    where = task_of("multimodal", channels=CHANNELS, label_noise=0.2)
    answers = ideal_answers(where)
    assert {key: len(logits) for key, logits in answers.logits.items()} == asked(where)
    assert answers.temperature == pytest.approx(1, abs=0.05)


def test_equally_probable_classes_tie():
    channels, splits = {"color": {"strength": 0.9}}, SPLITS | {"twins": 60}
    where = task_of(channels=channels, core_visibility=0.0, num_classes=3, splits=splits)
    logits = ideal_answers(where).logits["test"]
    assert (np.unique(np.round(logits, 6), axis=0).shape[0]) <= 10
    others = np.sort(logits, axis=1)[:, :2]
    assert (others[:, 0] == others[:, 1]).mean() > 0.5
