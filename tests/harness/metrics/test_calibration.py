import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from spurgen.harness import metrics
from spurgen.harness.metrics.calibration import largest_lead, with_leads_up_to


@pytest.fixture
def val():
    """4,000 labels drawn from softmax(logits / 2.5)."""
    rng = np.random.default_rng(1)
    logits = 3 * rng.normal(size=(4000, 6))
    labels = (np.log(-1 / np.log(rng.random(logits.shape))) + logits / 2.5).argmax(axis=1)  # Gumbel maximum
    return logits, labels


def loss(logits, labels, temperature):
    return -np.log(metrics.softmax(logits, temperature)[np.arange(len(labels)), labels]).mean()


def test_fit_agrees_with_a_direct_minimiser(val):
    direct = minimize_scalar(lambda t: loss(*val, np.exp(t)), bounds=(-3, 3), method="bounded", options={"xatol": 1e-9})
    assert metrics.fit_temperature(*val) == pytest.approx(np.exp(direct.x), rel=1e-6)


@pytest.mark.parametrize("scale", [1e-300, 1e-3, 1e-2, 3.0, 1e3, 1e90])
def test_temperature_is_proportional_to_the_scale_of_the_logits(val, scale):
    logits, labels = val
    assert metrics.fit_temperature(logits * scale, labels) == pytest.approx(
        metrics.fit_temperature(logits, labels) * scale, rel=1e-9, abs=0
    )


def test_shift_of_a_row_does_not_change_the_temperature(val):
    logits, labels = val
    shifted = logits + np.arange(len(labels))[:, None] % 7
    assert metrics.fit_temperature(shifted, labels) == pytest.approx(metrics.fit_temperature(logits, labels))


@pytest.mark.parametrize("floor", [-690, -7000])
def test_clipped_log_probabilities_keep_their_temperature(floor):
    # the floor sets the scale of the logits, not the temperature
    log_probs = np.array([[np.log(0.6), np.log(0.4), floor], [np.log(0.4), np.log(0.6), floor]] * 50)
    likelier = np.arange(100) % 2
    labels = np.where(np.arange(100) % 10 < 6, likelier, 1 - likelier)  # correct 6 times in 10, as predicted
    assert metrics.fit_temperature(log_probs, labels) == pytest.approx(1, rel=1e-6)


def test_logits_without_contrast_have_temperature_one():
    assert metrics.fit_temperature(np.full((4, 3), 0.1), np.array([0, 1, 2, 0])) == 1


@pytest.mark.parametrize("sign", [-1, 0])
def test_misleading_or_uninformative_scores_become_almost_uniform(sign):
    labels = np.arange(40) % 4
    logits = sign * np.eye(4)[labels] if sign else np.tile([3.0, 1, 0, 2], (40, 1))
    temperature = metrics.fit_temperature(logits, labels)
    gaps = logits - logits.max(axis=1, keepdims=True)
    assert temperature == pytest.approx(1e3 * np.sqrt((gaps**2).mean()))
    assert metrics.softmax(logits, temperature) == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("scale", [1, 1e-3])
def test_perfect_val_limits_the_confidence(scale):
    # one-hot logits of height h: mean loss log(1 + (K - 1) exp(-h / T)) = ln 2 / n
    count, classes = 200, 4
    labels = np.arange(count) % classes
    temperature = metrics.fit_temperature(scale * np.eye(classes)[labels], labels)
    assert temperature == pytest.approx(scale / np.log((classes - 1) / np.expm1(np.log(2) / count)))


def test_perfect_val_with_ties_has_a_finite_temperature():
    logits = np.eye(3)[np.arange(60) % 3]
    labels = np.arange(60) % 3
    logits[:2] = [1, 1, 0]  # labels 0 and 1: both correct, both tied
    temperature = metrics.fit_temperature(logits, labels)
    assert loss(logits, labels, temperature) == pytest.approx(3 * np.log(2) / 60)  # two ties and the toss-up


def test_one_sample_has_a_finite_temperature():
    assert np.isfinite(metrics.fit_temperature(np.array([[1.0, 0.0]]), np.array([0])))


@pytest.fixture
def unsure(val):
    """The 2 of 4,000 samples whose logits favour one class least, and the classes they favour."""
    top = np.sort(val[0], axis=1)[:, -2:]
    rows = np.argsort(top[:, 1] - top[:, 0])[-2:]
    return rows, val[0][rows].argmax(axis=1)


@pytest.mark.parametrize("lead", [1e3, 1e6, 1e100])
def test_absurd_certainty_of_a_few_samples_does_not_flatten_the_others(val, unsure, lead):
    logits, labels = val[0].copy(), val[1].copy()
    logits[unsure] = lead
    labels[unsure[0]] = (unsure[1] + 1) % 6  # both are wrong
    before = metrics.fit_temperature(*val)
    assert before < metrics.fit_temperature(logits, labels) < 1.05 * before


@pytest.mark.parametrize("shape", [(40, 2), (40, 6), (1, 5)])
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_the_largest_lead_that_counts_is_ten_times_the_median_lead(shape, dtype):
    logits = np.zeros(shape, dtype)
    logits[:, 0] = 3  # every lead is 3
    assert largest_lead(logits) == 30
    logits[0, -1] = -1000
    assert with_leads_up_to(largest_lead(logits), logits).min() == -30


def test_ties_and_rows_without_contrast_leave_the_median_lead_alone():
    logits = np.zeros((50, 4))
    logits[:5] = [7, 7, 5, 5]  # tied in most rows, and twice in the others
    assert largest_lead(logits) == 20
    assert largest_lead(np.ones((50, 4))) == np.inf
    assert np.isfinite(metrics.fit_temperature(logits, np.arange(50) % 4))


def test_with_leads_up_to_keeps_smaller_leads_and_the_best_class():
    logits = np.array([[5.0, 3, -90], [0, 0, 1e9]])
    assert with_leads_up_to(10, logits).tolist() == [[0, -2, -10], [-10, -10, 0]]
    assert with_leads_up_to(np.inf, logits).tolist() == [[0, -2, -95], [-1e9, -1e9, 0]]


def test_softmax_of_extreme_scores_is_exact():
    assert metrics.softmax(np.array([[1e100, -1e100]]), 1e-300).tolist() == [[1, 0]]
    assert metrics.softmax(np.array([1, 1], dtype=np.float16)).dtype == np.float64
    assert metrics.log_softmax(np.array([[0.0, -800.0]]))[0, 1] == -800
