import numpy as np
import pytest

from spurgen.harness.experiments.bootstrap import TaskBootstrap, mean_weights
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.statistics.bootstrap import SampleWeights
from spurgen.harness.statistics.seed_spread import SeedSpread, add_noise, mean_deviation

SPREAD = SeedSpread(0.1, 4)


@pytest.fixture
def bootstrap(suite):
    return TaskBootstrap.of(suite.task("small-text"))


def test_a_channels_replicates_are_paired_with_those_of_the_mean_over_channels(suite, make_row, bootstrap):
    values = np.random.default_rng(1).random((2, 24))
    row = make_row(suite, 0.8, arrays=dict(zip(("sss/color", "sss/background"), values, strict=True)))
    each = [bootstrap.resampled(row, f"sss/{name}") for name in ("color", "background")]
    assert bootstrap.resampled(row, "sss") == pytest.approx(np.mean(each, axis=0), abs=1e-3)
    assert each[0].std() > 0


def test_noise_of_the_seeds_depends_on_task_row_and_metric(suite, make_outcome, bootstrap):
    row = make_task_row([make_outcome(suite, 0.6 + 0.2 * seed, seed) for seed in range(2)])
    deviation = mean_deviation(row.metric("accuracy"), SPREAD)
    assert deviation > 0
    without = bootstrap.resampled(row, "accuracy")
    noisy = bootstrap.replicates("a", row, "accuracy", {"accuracy": SPREAD})
    assert np.array_equal(noisy, add_noise(without, deviation, "small-text", "a", "accuracy"))
    assert np.array_equal(bootstrap.replicates("a", row, "accuracy", {"accuracy": None}), without)


@pytest.mark.parametrize("per_class", [2, 3, 50])
def test_a_mean_over_few_base_samples_has_the_right_variance(per_class):
    classes = np.repeat(np.arange(4), per_class)
    values = np.random.default_rng(0).normal(classes, 1.0)
    within = np.mean([values[classes == k].var(ddof=1) for k in range(4)])
    replicates = SampleWeights(mean_weights(classes, "test")).mean(values[None])
    assert replicates.std() == pytest.approx(np.sqrt(within / len(classes)), rel=0.1)
    assert replicates.mean() == pytest.approx(values.mean(), abs=0.1)


def test_classes_of_one_base_sample_are_resampled_together():
    values = np.random.default_rng(0).normal(size=(1, 10))
    replicates = SampleWeights(mean_weights(np.arange(10), "test")).mean(values)
    assert replicates.std() == pytest.approx(np.sqrt(values.var(ddof=1) / 10), rel=0.1)


def test_base_samples_are_resampled_within_their_class(suite, make_row, bootstrap):
    labels = bootstrap.groups[:24] // 4
    row = make_row(suite, 0.8, arrays={"core": labels.astype(float)})
    assert bootstrap.resampled(row, "core_sensitivity") == pytest.approx(np.full(1000, labels.mean()))


def test_tasks_of_the_same_test_samples_are_resampled_together(suite, make_row):
    text, image = (TaskBootstrap.of(suite.task(f"small-{modality}")) for modality in ("text", "image"))
    assert text.task.channels == image.task.channels
    row = make_row(suite, 0.8, (0, 1), arrays={"core": np.random.default_rng(0).random(24)})
    for metric in ("wga", "core_sensitivity"):
        assert np.array_equal(text.resampled(row, metric), image.resampled(row, metric))


def test_every_row_gets_its_own_replicates_the_same_each_time(suite, make_row, bootstrap):
    good, poor = make_row(suite, 0.9), make_row(suite, 0.5)
    first = bootstrap.resampled(good, "wga")
    assert np.array_equal(bootstrap.resampled(make_row(suite, 0.9), "wga"), first)
    assert not np.array_equal(bootstrap.resampled(poor, "wga"), first)
    assert bootstrap.resampled(good, "accuracy").mean() > bootstrap.resampled(poor, "accuracy").mean()
