"""A bad array is an error that names the argument, what it is, what was expected and what to do."""

from functools import partial

import numpy as np
import pytest

from spurgen.benchmark.errors import MetricError
from spurgen.harness import metrics

M, V, K = 6, 3, 4
LABELS = np.arange(M) % K
GROUPS = np.arange(M) % 2
PROBS = np.full((M, K), 1 / K)
TWINS = np.full((M, V, K), 1 / K)


def with_bad_entry(array, value=np.nan):
    """Return a copy whose last entry is bad."""
    bad = array.copy()
    bad.flat[-1] = value
    return bad


CALLS = {
    "accuracy": (metrics.accuracy, {"logits": PROBS, "labels": LABELS}),
    "worst_group": (metrics.worst_group_accuracy, {"logits": PROBS, "labels": LABELS, "group_ids": GROUPS}),
    "temperature": (metrics.fit_temperature, {"logits": PROBS, "labels": LABELS}),
    "sss": (metrics.spurious_sensitivity, {"base_probs": PROBS, "twin_probs": TWINS, "labels": LABELS}),
    "ig": (metrics.invariance_gap, {"ctrl_logits": PROBS, "unc_logits": PROBS, "labels": LABELS}),
    "class_accuracy": (partial(metrics.class_accuracy, num_classes=K), {"answers": LABELS, "labels": LABELS}),
    "follow_rate": (
        metrics.follow_rate,
        {"answers": LABELS, "labels": LABELS, "values": np.arange(M) % V, "aligned": np.eye(V, K, dtype=bool)},
    ),
    "thing_use": (metrics.thing_use, {"base": LABELS, "twins": LABELS, "labels": LABELS, "exchanged": LABELS}),
}
SLOTS = [(call, argument) for call, (_, arguments) in CALLS.items() for argument in arguments]
REAL_SLOTS = [slot for slot in SLOTS if CALLS[slot[0]][1][slot[1]].dtype.kind == "f"]
LABEL_SLOTS = [slot for slot in SLOTS if slot[1].endswith("labels") and slot[0] != "thing_use"]


def call_with(call, argument, value):
    function, arguments = CALLS[call]
    return function(**{**arguments, argument: value})


@pytest.mark.parametrize("call", CALLS)
def test_good_arrays_give_finite_metrics(call):
    function, arguments = CALLS[call]
    assert np.isfinite(function(**arguments))


@pytest.mark.parametrize(("call", "argument"), REAL_SLOTS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_non_finite_entries_are_errors(call, argument, value):
    with pytest.raises(MetricError, match=rf"^{argument}: found {value} at .*expected finite numbers.*; correct"):
        call_with(call, argument, with_bad_entry(CALLS[call][1][argument], value))


@pytest.mark.parametrize(("call", "argument"), SLOTS)
def test_wrong_shapes_are_errors(call, argument):
    good = CALLS[call][1][argument]
    with pytest.raises(MetricError, match=rf"^{argument}: found shape .*expected shape .*; pass"):
        call_with(call, argument, good[None])


@pytest.mark.parametrize(("call", "argument"), SLOTS)
def test_empty_arrays_are_errors(call, argument):
    with pytest.raises(MetricError, match=rf"^{argument}: found shape \(0,"):
        call_with(call, argument, CALLS[call][1][argument][:0])


@pytest.mark.parametrize(("call", "argument"), SLOTS)
@pytest.mark.parametrize("convert", [lambda a: a.tolist(), lambda a: a.astype(complex), lambda a: a.astype(object)])
def test_wrong_types_are_errors(call, argument, convert):
    with pytest.raises(MetricError, match=rf"^{argument}: found .*expected an array of (real|integers|booleans)"):
        call_with(call, argument, convert(CALLS[call][1][argument]))


@pytest.mark.parametrize(("call", "argument"), LABEL_SLOTS)
@pytest.mark.parametrize("label", [-1, K])
def test_labels_out_of_range_are_errors(call, argument, label):
    with pytest.raises(MetricError, match=rf"labels: found values from .*{label}.*expected integers in \[0, {K}\)"):
        call_with(call, argument, with_bad_entry(LABELS, label))


@pytest.mark.parametrize(("call", "argument"), [slot for slot in REAL_SLOTS if slot[1].endswith("_probs")])
def test_logits_instead_of_probabilities_are_errors(call, argument):
    good = CALLS[call][1][argument]
    with pytest.raises(MetricError, match=rf"^{argument}: found a row that sums to 4, .*apply softmax"):
        call_with(call, argument, np.ones_like(good))
    with pytest.raises(MetricError, match=rf"^{argument}: found the negative value -0.25"):
        call_with(call, argument, -good)


@pytest.mark.parametrize(("off", "passes"), [(0.0009, True), (-0.0009, True), (0.0011, False), (-0.0011, False)])
def test_probabilities_may_miss_a_sum_of_one_by_a_thousandth(off, passes):
    each = TWINS.copy()
    each[1, 2] += off / K  # of one row; all others sum to 1
    if passes:
        assert metrics.spurious_sensitivity(PROBS, each, LABELS) == pytest.approx(abs(off) / K / M / V)
    else:
        with pytest.raises(MetricError, match=f"twin_probs: found a row that sums to {1 + off:.6g}"):
            metrics.spurious_sensitivity(PROBS, each, LABELS)


@pytest.mark.parametrize("sign", [-1, 1])
def test_scores_above_the_largest_are_errors(sign):
    assert metrics.accuracy(with_bad_entry(PROBS, sign * 1e100), LABELS) == pytest.approx(1 / 3)  # ties: class 0
    with pytest.raises(MetricError, match=r"logits: found .*1.1e.100 at .*at most 1e.100; correct"):
        metrics.accuracy(with_bad_entry(PROBS, sign * 1.1e100), LABELS)


def test_half_precision_probabilities_are_allowed():
    assert metrics.spurious_sensitivity(PROBS.astype(np.float16), TWINS.astype(np.float32), LABELS) == 0


@pytest.mark.parametrize("function", [metrics.worst_group_accuracy, metrics.group_accuracies, metrics.group_counts])
def test_empty_group_is_an_error(function):
    with pytest.raises(MetricError, match="group_ids: found no sample in group 1 of 3, expected at least one sample"):
        function(PROBS, LABELS, 2 * GROUPS)
    with pytest.raises(MetricError, match="group_ids: found no sample in groups 2, 3 of 4"):
        function(PROBS, LABELS, GROUPS, 4)
    with pytest.raises(MetricError, match=r"group_ids: found values from 0 to 1, expected integers in \[0, 1\)"):
        function(PROBS, LABELS, GROUPS, 1)


@pytest.mark.parametrize("temperature", [0, -1.0, np.nan, np.inf])
def test_bad_temperatures_are_errors(temperature):
    with pytest.raises(MetricError, match=r"temperature: found .* expected a positive finite number; fit it"):
        metrics.softmax(PROBS, temperature)
    with pytest.raises(MetricError, match="temperature: found"):
        metrics.invariance_gap(PROBS, PROBS, LABELS, temperature)


def test_temperature_at_which_the_loss_overflows_is_an_error():
    with pytest.raises(MetricError, match="temperature: found 1e-300, at which unc_logits cost infinity"):
        metrics.invariance_gap(PROBS, with_bad_entry(PROBS, 1e50), LABELS, 1e-300)


@pytest.mark.parametrize("num_classes", [0, 4])
def test_groups_that_are_no_classes_times_patterns_are_an_error(num_classes):
    with pytest.raises(
        MetricError, match=f"group_accuracies: found 6 groups, expected a multiple of the {num_classes}"
    ):
        metrics.agree_and_mislead(np.ones(6), num_classes)
