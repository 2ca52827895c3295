import numpy as np
import pytest

from spurgen.harness.board.bootstrap import Plan, figures_of, mean_weights, pooled_spreads
from spurgen.harness.statistics.bootstrap import SampleWeights
from spurgen.harness.statistics.seed_spread import SeedSpread, add_noise, mean_deviation

SPREAD = SeedSpread(0.1, 4)


@pytest.fixture
def plan(suite):
    return Plan.of(suite.task("small-text"))


def test_a_figure_is_of_a_cell_or_of_one_of_its_channels(suite, make_cell):
    cells = [make_cell(suite, 0.8, seed, kept={"sss/color": np.full(24, 0.25 * seed)}) for seed in range(3)]
    assert figures_of(cells, "sss/color").tolist() == [0, 0.25, 0.5]
    assert figures_of(cells, "wga").tolist() == [cell.figures["wga"] for cell in cells]
    found = pooled_spreads(iter([cells, cells[:1]]), ["sss/color", "sss/background"])
    assert found == {"sss/color": (pytest.approx(0.25), 2), "sss/background": None}


def test_replicates_of_a_channel_and_of_the_mean_over_channels_are_paired(suite, make_cell, plan):
    drawn = np.random.default_rng(1).random((2, 24))
    cells = [make_cell(suite, 0.8, kept=dict(zip(("sss/color", "sss/background"), drawn, strict=True)))]
    each = [plan.resampled(cells, f"sss/{name}") for name in ("color", "background")]
    assert plan.resampled(cells, "sss") == pytest.approx(np.mean(each, axis=0), abs=1e-3)
    assert each[0].std() > 0


def test_noise_of_the_seeds_is_drawn_for_its_task_row_and_figure(suite, make_cell, plan):
    cells = [make_cell(suite, 0.6 + 0.2 * seed, seed) for seed in range(2)]
    deviation = mean_deviation(figures_of(cells, "accuracy"), SPREAD)
    assert deviation > 0
    noisy = plan.replicates("a", cells, "accuracy", {"accuracy": SPREAD})
    bare = plan.resampled(cells, "accuracy")
    assert np.array_equal(noisy, add_noise(bare, deviation, "small-text", "a", "accuracy"))
    assert np.array_equal(plan.replicates("a", cells, "accuracy", {"accuracy": None}), bare)


@pytest.mark.parametrize("per_class", [2, 3, 50])
def test_a_mean_over_few_bases_varies_as_it_should(per_class):
    classes = np.repeat(np.arange(4), per_class)
    values = np.random.default_rng(0).normal(classes, 1.0)
    within = np.mean([values[classes == k].var(ddof=1) for k in range(4)])
    drawn = SampleWeights(mean_weights(classes, "test")).mean(values[None])
    assert drawn.std() == pytest.approx(np.sqrt(within / len(classes)), rel=0.1)
    assert drawn.mean() == pytest.approx(values.mean(), abs=0.1)


def test_single_bases_of_a_class_are_resampled_with_the_others():
    values = np.random.default_rng(0).normal(size=(1, 10))
    drawn = SampleWeights(mean_weights(np.arange(10), "test")).mean(values)
    assert drawn.std() == pytest.approx(np.sqrt(values.var(ddof=1) / 10), rel=0.1)


def test_a_strangers_seeds_move_no_interval_but_its_own(suite, make_cell):
    ours = [make_cell(suite, 0.8, seed, spec="spurgen.baselines.erm:submission") for seed in range(3)]
    wild = [make_cell(suite, 0.9 * (seed % 2), seed) for seed in range(60)]
    assert pooled_spreads([ours, wild], ["wga"]) == pooled_spreads([ours], ["wga"])
    assert pooled_spreads([ours[:1], wild], ["wga"]) == pooled_spreads([wild], ["wga"])


def test_tasks_of_the_same_test_samples_are_resampled_together(suite):
    text, image = (Plan.of(suite.task(f"small-{modality}")) for modality in ("text", "image"))
    assert text.task.channels == image.task.channels
    correct = np.random.default_rng(0).random((2, 60)) < 0.8
    assert np.array_equal(
        text.test_weights.wga_and_accuracy(correct)[0], image.test_weights.wga_and_accuracy(correct)[0]
    )
    assert np.array_equal(text.base_weights, image.base_weights)


def test_what_was_drawn_is_drawn_once_and_others_get_their_own(plan, make_cell, suite):
    some, others = [make_cell(suite, 0.9, 0)], [make_cell(suite, 0.5, 0)]
    first = plan.resampled(some, "wga")
    assert plan.resampled([*some], "wga") is first
    assert not np.array_equal(plan.resampled(others, "wga"), first)
    assert plan.resampled(some, "accuracy").mean() > plan.resampled(others, "accuracy").mean()
