"""Properties of any scores: scale, order and names of classes change no metric."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.harness import metrics

K, V, M = 4, 3, 24
worlds = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def draw(rng):
    """Draw logits that depend on the label in part, for val, base, twins, ctrl and unc."""
    labels = rng.permutation(np.arange(M) % K)
    shapes = {"val": (M, K), "base": (M, K), "twins": (M, V, K), "ctrl": (M, K), "unc": (M, K)}
    signal = 2 * np.eye(K)[labels]
    logits = {name: 2 * rng.normal(size=shape) for name, shape in shapes.items()}
    logits = {name: part + (signal[:, None] if part.ndim == 3 else signal) for name, part in logits.items()}
    return labels, logits


def every_metric(labels, logits, group_ids, aligned_classes):
    """Return every metric of a submission, with the temperature fitted on val; the temperature is the last."""
    temperature = metrics.fit_temperature(logits["val"], labels)
    base, twins = (metrics.softmax(logits[name], temperature) for name in ("base", "twins"))
    return np.array(
        [
            metrics.spurious_sensitivity(base, twins, labels),
            metrics.invariance_gap(logits["ctrl"], logits["unc"], labels, temperature),
            metrics.thing_use(base.argmax(1), twins[:, 0].argmax(1), labels, logits["twins"][:, 0].argmax(1)),
            metrics.follow_rate(twins.argmax(2).ravel(), labels.repeat(V), np.tile(np.arange(V), M), aligned_classes),
            metrics.accuracy(base, labels),
            metrics.worst_group_accuracy(base, labels, group_ids),
            temperature,
        ]
    )


GROUPS = np.arange(M) % 6
ALIGNED = np.arange(V)[:, None] == np.arange(K) % V


@settings(max_examples=60)
@given(worlds, st.sampled_from([1e-3, 1e3, 1e-30, 7.3]))
def test_scaled_logits_change_nothing(rng, scale):
    labels, logits = draw(rng)
    scaled = {name: part * scale for name, part in logits.items()}
    before, after = every_metric(labels, logits, GROUPS, ALIGNED), every_metric(labels, scaled, GROUPS, ALIGNED)
    assert after[:-1] == pytest.approx(before[:-1], rel=1e-8, abs=1e-9)
    assert after[-1] == pytest.approx(before[-1] * scale, rel=1e-9)


@settings(max_examples=40)
@given(worlds)
def test_order_of_samples_and_names_of_classes_change_nothing(rng):
    labels, logits = draw(rng)
    before = every_metric(labels, logits, GROUPS, ALIGNED)
    shuffle, names = rng.permutation(M), rng.permutation(K)
    shuffled = {name: part[shuffle] for name, part in logits.items()}
    after = every_metric(labels[shuffle], shuffled, GROUPS[shuffle], ALIGNED)
    assert after == pytest.approx(before, rel=1e-8, abs=1e-9)
    renamed = {name: part[..., names] for name, part in logits.items()}  # class k is now called argsort(names)[k]
    after = every_metric(np.argsort(names)[labels], renamed, GROUPS, ALIGNED[:, names])
    assert after == pytest.approx(before, rel=1e-8, abs=1e-9)


@settings(max_examples=40)
@given(worlds)
def test_metric_is_the_mean_of_its_samples(rng):
    labels, logits = draw(rng)
    base, twins = metrics.softmax(logits["base"]), metrics.softmax(logits["twins"])
    pairs = [
        (metrics.spurious_sensitivities, metrics.spurious_sensitivity, (base, twins, labels)),
        (metrics.invariance_gaps, metrics.invariance_gap, (logits["ctrl"], logits["unc"], labels, 1.7)),
        (metrics.correct, metrics.accuracy, (base, labels)),
    ]
    for per_sample, metric, arguments in pairs:
        values = per_sample(*arguments)
        assert values.shape == (M,)
        assert metric(*arguments) == pytest.approx(values.mean())


@settings(max_examples=60)
@given(
    worlds,
    st.integers(2, 6),
    st.integers(0, 63),
    st.integers(0, 5),
    st.floats(-1e90, 1e90),
    st.sampled_from([1e-3, 1, 1e6]),
)
def test_one_row_changed_by_any_amount_moves_the_temperature_by_a_bounded_factor(rng, k, row, place, amount, scale):
    labels = np.arange(64) % k
    logits = scale * (rng.normal(size=(64, k)) + 2 * np.eye(k)[labels] + np.eye(k)[rng.integers(k, size=64)])
    moved = logits.copy()
    moved[row, place % k] += amount
    before, after = metrics.fit_temperature(logits, labels), metrics.fit_temperature(moved, labels)
    assert 1 / 2 < after / before < 16  # without a largest lead, up to 1e88
