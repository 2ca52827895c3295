"""Every metric of a result against its definition, written out plainly, on random predictions."""

from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.task import Task
from spurgen.generators import aligned_values, sample, twins
from spurgen.harness import metrics
from spurgen.harness.results.predicted import columns_of
from spurgen.harness.running.query import Predictions
from spurgen.harness.running.scoring import score
from spurgen.harness.running.task_data import Block, bases, task_groups, twin_blocks

CLASSES, BASES = 3, 24
TURN = [2, 0, 1, 3]  # permutes the codes of the classes
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
def predictions(task, factors):
    rng = np.random.default_rng(0)

    def logits(labels, sharpness=1.5):
        return rng.normal(size=(len(labels), CLASSES)) + sharpness * np.eye(CLASSES)[labels]

    test = factors["test"].labels
    blocks = {Block(): logits(test)} | {block: logits(test[:BASES], 1) for block in twin_blocks(task)}
    return Predictions(logits(factors["val"].labels), factors["val"].labels, blocks)


@pytest.mark.parametrize("kind", ["ctrl", "unc"])
def test_absurd_certainty_of_one_twin_costs_the_invariance_gap_ten_median_leads(task, predictions, factors, kind):
    logits, label = predictions.blocks[Block(kind)].copy(), factors["test"].labels[0]
    logits[0, (label + 1) % CLASSES] = 1e5  # wrong
    changed = replace(predictions, blocks={**predictions.blocks, Block(kind): logits})
    scores = score(task, changed, factors["test"], factors["train"])
    leads = np.sort(predictions.calibration.max(axis=1, keepdims=True) - predictions.calibration, axis=1)[:, 1:]
    temperature, sign, other = scores.metrics["temperature"], *{"ctrl": (1, "unc"), "unc": (-1, "ctrl")}[kind]
    loss_of_other = -np.log(probabilities(predictions.blocks[Block(other)][:1], temperature))[0, label]
    lost = sign * scores.samples["ig"][0] + loss_of_other
    assert lost * temperature == pytest.approx(10 * np.median(leads))
    assert abs(scores.metrics["ig_raw"]) > 1e5 / BASES / 2  # at T = 1 all leads count


def test_half_twins_are_compared_with_their_own_base_samples(monkeypatch):
    for module in ("task_data", "scoring"):
        monkeypatch.setattr(f"spurgen.harness.running.{module}.HALF_BASES", 7)
    where, rng = Task("both", make_scenario("test", **FIELDS), "multimodal"), np.random.default_rng(2)
    factors = sample(where.scenario, "test", range(where.scenario.num_test), images=False, captions=False)
    blocks = {b: rng.normal(size=(len(bases(where, b)), CLASSES)) for b in [Block(), *twin_blocks(where)]}
    known = np.arange(45) % CLASSES
    logits = rng.normal(size=(45, CLASSES)) + 2 * np.eye(CLASSES)[known]
    made = score(where, Predictions(logits, known, blocks), factors, factors)
    labels, rows, temperature = factors.labels[:7], np.arange(7), made.metrics["temperature"]
    base = probabilities(blocks[Block()][:7], temperature)[rows, labels]
    for half in ("image", "caption"):
        logits_of = [blocks[Block("channel", "color", value, half)] for value in range(3)]
        shifted = [probabilities(each, temperature)[rows, labels] for each in logits_of]
        assert made.channels["color"][f"sss_{half}"] == pytest.approx(np.abs(base - shifted).mean())


@pytest.fixture(scope="module")
def scores(task, predictions, factors):
    return score(task, predictions, factors["test"], factors["train"])


def probabilities(logits, temperature):
    powers = np.exp(logits / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)


def channel_logits(task, predictions, name):
    """Return the logits on a channel's twins, a list over values."""
    return [predictions.blocks[Block("channel", name, v)] for v in range(task.scenario.channels[name].values)]


def test_accuracies_are_shares_of_samples_groups_and_patterns(task, predictions, factors, scores):
    test = factors["test"]
    correct = predictions.blocks[Block()].argmax(axis=1) == test.labels
    groups = task_groups(task, test.group_ids)
    shares = np.array([correct[groups == group].mean() for group in range(12)])
    patterns = [shares[groups_of].mean() for groups_of in (np.arange(3) * 4 + pattern for pattern in range(4))]
    assert len({round(share, 6) for share in patterns}) == 4  # all different, so that mixing them up is noticed
    assert np.array_equal(scores.samples["correct"], correct)
    assert scores.metrics["accuracy"] == correct.mean()
    assert scores.metrics["wga"] == shares.min()
    assert scores.metrics["robust_accuracy"] == pytest.approx(min(patterns))
    assert scores.metrics["aligned_accuracy"] == pytest.approx(patterns[0])
    assert scores.metrics["conflicting_accuracy"] == pytest.approx(patterns[3])
    assert scores.patterns == pytest.approx(dict(zip(("aa", "ca", "ac", "cc"), patterns, strict=True)))
    assert scores.groups == tuple(int(correct[groups == group].sum()) for group in range(12))


def test_predicted_classes_are_those_of_the_base_samples_and_of_every_channel_twin(task, predictions, scores):
    predicted = scores.samples["predicted"]
    assert (predicted.dtype, predicted.shape) == (np.uint8, (BASES, 1 + 3 + 4))
    columns = columns_of(task)
    assert columns == {"color": slice(1, 4), "background": slice(4, 8)}
    assert np.array_equal(predicted[:, 0], predictions.blocks[Block()][:BASES].argmax(axis=1))
    for name, where in columns.items():
        for value, logits in enumerate(channel_logits(task, predictions, name)):
            assert np.array_equal(predicted[:, where][:, value], logits.argmax(axis=1)), (name, value)


def test_the_ceiling_is_that_of_the_scenario(scores):
    assert scores.metrics["ceiling"] == pytest.approx(0.7 + 0.3 / 3)


@pytest.mark.parametrize(("calibrated", "suffix"), [(True, ""), (False, "_raw")])
def test_sensitivities_are_means_over_values_and_channels(task, predictions, factors, scores, calibrated, suffix):
    labels, rows = factors["test"].labels[:BASES], np.arange(BASES)
    temperature = (
        metrics.fit_temperature(predictions.calibration, predictions.calibration_labels) if calibrated else 1.0
    )
    assert scores.metrics["temperature"] != pytest.approx(1, abs=0.05)

    def moved(logits):
        base = probabilities(predictions.blocks[Block()][:BASES], temperature)
        return np.abs(base - probabilities(logits, temperature))[rows, labels]

    expected = {n: np.mean([moved(logits) for logits in channel_logits(task, predictions, n)]) for n in task.channels}
    assert expected["color"] != pytest.approx(expected["background"], rel=1e-3)
    assert {n: row[f"sss{suffix}"] for n, row in scores.channels.items()} == pytest.approx(expected)
    assert scores.metrics[f"sss{suffix}"] == pytest.approx(np.mean(list(expected.values())))
    losses = [
        -np.log(probabilities(predictions.blocks[Block(kind)], temperature))[rows, labels].mean()
        for kind in ("ctrl", "unc")
    ]
    assert scores.metrics[f"ig{suffix}"] == pytest.approx(losses[0] - losses[1])
    if calibrated:
        assert scores.metrics["sss_placebo"] == pytest.approx(moved(predictions.blocks[Block("placebo")]).mean())
        assert scores.metrics["core_sensitivity"] == pytest.approx(moved(predictions.blocks[Block("core")]).mean())


def test_flip_rates_compare_with_the_base_and_average_over_channels(task, predictions, factors, scores):
    base = predictions.blocks[Block()][:BASES].argmax(axis=1)
    flips = {
        n: np.mean([t.argmax(axis=1) != base for t in channel_logits(task, predictions, n)], axis=0)
        for n in task.channels
    }
    assert {n: row["flip_rate"] for n, row in scores.channels.items()} == pytest.approx(
        {n: rates.mean() for n, rates in flips.items()}
    )
    assert scores.samples["flip"] == pytest.approx((flips["color"] + flips["background"]) / 2)
    assert scores.metrics["flip_rate"] == pytest.approx(np.mean([rates.mean() for rates in flips.values()]))
    right = [
        t.argmax(axis=1) == factors["test"].labels[:BASES]
        for n in task.channels
        for t in channel_logits(task, predictions, n)
    ]
    robust = np.all([scores.samples["correct"][:BASES], *right], axis=0)
    assert np.array_equal(scores.samples["cra"], robust)
    assert scores.metrics["cra"] == robust.mean()


def test_reliance_is_the_pull_in_units_of_the_oracles(task, predictions, scores):
    temperature = scores.metrics["temperature"]
    expected = {}
    for name, channel in task.scenario.channels.items():
        goes = aligned_values(task.scenario, name)
        shown = [probabilities(logits, temperature).mean(axis=0) for logits in channel_logits(task, predictions, name)]
        alone = [(row if row.any() else np.ones(CLASSES)) / max(row.sum(), 1 if row.any() else CLASSES) for row in goes]

        def pull(probs, goes=goes, channel=channel):
            aligned = [v for v in range(channel.values) if goes[v].any()]
            drawn = [probs[v][goes[v]].sum() - np.mean([p[goes[v]].sum() for p in probs]) for v in aligned]
            return np.mean(drawn)

        expected[name] = pull(shown) / pull(alone)
    assert {n: row["reliance"] for n, row in scores.channels.items()} == pytest.approx(expected)
    assert scores.metrics["reliance"] == pytest.approx(max(expected.values()))


def test_core_use_follows_the_classes_that_the_core_twins_show(task, predictions, factors, scores):
    temperature, before = scores.metrics["temperature"], factors["test"].labels[:BASES]
    after = twins(task.scenario, "test", range(BASES), "core", images=False, captions=False).labels
    assert (after != before).all()
    base, twin = (probabilities(predictions.blocks[block], temperature)[:BASES] for block in (Block(), Block("core")))
    moves = [t[y2] - b[y2] + b[y] - t[y] for b, t, y, y2 in zip(base, twin, before, after, strict=True)]
    assert scores.metrics["core_use"] == pytest.approx(np.mean(moves) / 2)


@pytest.fixture(scope="module")
def by_nuisance():
    """A task with twins by nuisance, random predictions on it, and the factors of its test split."""
    splits = {"train": 90, "val": 45, "test_per_group": 6, "twins": BASES, "nuisance_twins": 10}
    fields = FIELDS | {"num_classes": 4, "splits": splits}
    where = Task("nuisances", make_scenario("test", **fields), "multimodal")
    rng = np.random.default_rng(1)
    factors = sample(where.scenario, "test", range(where.scenario.num_test), images=False, captions=False)
    blocks = {block: rng.normal(size=(len(bases(where, block)), 4)) for block in [Block(), *twin_blocks(where)]}
    predictions = Predictions(rng.normal(size=(45, 4)) + 2 * np.eye(4)[np.arange(45) % 4], np.arange(45) % 4, blocks)
    return where, predictions, factors, score(where, predictions, factors, factors).metrics


def test_the_floor_is_the_largest_sensitivity_to_a_single_nuisance(by_nuisance, scores):
    _, predictions, factors, values = by_nuisance
    labels, rows = factors.labels[:10], np.arange(10)
    base = probabilities(predictions.blocks[Block()][:10], values["temperature"])[rows, labels]
    floors = {}
    for nuisance in ("place", "size", "tilt", "tone", "noise", "wording"):
        twin = probabilities(predictions.blocks[Block("placebo", nuisance)], values["temperature"])[rows, labels]
        floors[nuisance] = np.abs(base - twin).mean()
        assert values[f"sss_placebo_{nuisance}"] == pytest.approx(floors[nuisance])
    assert values["sss_floor"] == pytest.approx(max(floors.values()))
    assert not [name for name in scores.metrics if name.startswith(("sss_placebo_", "sss_floor"))]


@pytest.fixture(scope="module")
def featured(task, predictions, factors):
    """Predictions with one-hot features of the label, wrong for every fifth sample to fit on and one evaluated."""
    codes = {split: np.hstack([np.eye(CLASSES)[factors[split].labels], np.ones((len(factors[split].labels), 1))])
             for split in ("train", "test")}  # fmt: skip
    groups, half = task_groups(task, factors["test"].group_ids), task.scenario.num_test // 2
    wrong = np.arange(len(groups)) % 5 == 0
    wrong[half:] = False
    wrong[half + np.flatnonzero(groups[half:] == 5)[0]] = True
    codes["test"][wrong] = codes["test"][wrong][:, TURN]
    return Predictions(predictions.calibration, predictions.calibration_labels, predictions.blocks, codes)


def test_probes_fit_on_train_or_the_first_test_half_are_evaluated_on_the_second(task, featured, factors):
    values = score(task, featured, factors["test"], factors["train"]).metrics
    half = task.scenario.num_test // 2
    groups = task_groups(task, factors["test"].group_ids)[half:]
    assert values["probe_train"] == pytest.approx(1 - 1 / half)
    size = (groups == 5).sum()
    assert values["probe_train_wga"] == pytest.approx(1 - 1 / size)
    first, second = featured.features["test"][:half], featured.features["test"][half:]
    labels = factors["test"].labels
    assert values["probe_balanced"] == metrics.probe_accuracy(first, labels[:half], second, labels[half:])


def test_train_and_balanced_probes_are_fitted_on_separate_features(task, featured, factors):
    half = task.scenario.num_test // 2
    features = dict(featured.features)
    features["train"] = features["train"][:, TURN]  # a code that differs from test's
    predictions = replace(featured, features=features)
    values = score(task, predictions, factors["test"], factors["train"]).metrics
    assert values["probe_train"] < 0.1
    assert values["probe_balanced"] == pytest.approx(1 - 1 / half)
    features = {"train": featured.features["train"], "test": featured.features["test"].copy()}
    features["test"][:half] = features["test"][:half, TURN]
    predictions = replace(featured, features=features)
    values = score(task, predictions, factors["test"], factors["train"]).metrics
    assert values["probe_train"] == pytest.approx(1 - 1 / half)
    assert values["probe_balanced"] < 0.1


def test_only_a_channel_encoded_in_the_features_is_decoded(task, predictions, factors):
    values = np.eye(4)[factors["test"].channel_values["background"]]
    features = {"train": np.zeros((90, 4)), "test": values}
    channels = score(task, replace(predictions, features=features), factors["test"], factors["train"]).channels
    assert channels["background"]["decoded"] == 1
    assert channels["color"]["decoded"] < 0.6


def test_the_probe_has_no_worst_group_where_a_group_is_missing_from_its_test_half(task, featured, factors):
    features = {"train": featured.features["train"], "test": featured.features["test"][:20]}
    few = score(task, replace(featured, features=features), factors["test"], factors["train"]).metrics
    assert {"probe_train", "probe_balanced"} <= few.keys()
    assert "probe_train_wga" not in few
