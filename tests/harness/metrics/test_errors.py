"""A bad array is refused by an error that names the argument, what was found and what to do."""

import numpy as np
import pytest

from spurgen.benchmark.errors import MetricError
from spurgen.harness import metrics

M, V, K = 6, 3, 4
LABELS = np.arange(M) % K
GROUPS = np.arange(M) % 2
PROBS = np.full((M, K), 1 / K)
TWINS = np.full((M, V, K), 1 / K)


def spoiled(array, value=np.nan):
    """Returns a copy with one bad entry."""
    bad = array.copy()
    bad.flat[-1] = value
    return bad


CALLS = {
    "accuracy": (metrics.accuracy, {"logits": PROBS, "labels": LABELS}),
    "worst_group": (metrics.worst_group_accuracy, {"logits": PROBS, "labels": LABELS, "group_ids": GROUPS}),
    "temperature": (metrics.fit_temperature, {"logits": PROBS, "labels": LABELS}),
    "sss": (metrics.spurious_sensitivity, {"base_probs": PROBS, "twin_probs": TWINS, "labels": LABELS}),
    "placebo": (metrics.placebo_floor, {"base_probs": PROBS, "placebo_probs": PROBS, "labels": LABELS}),
    "core": (metrics.core_sensitivity, {"base_probs": PROBS, "core_probs": PROBS, "labels": LABELS}),
    "ig": (metrics.invariance_gap, {"ctrl_logits": PROBS, "unc_logits": PROBS, "labels": LABELS}),
    "flips": (metrics.flip_rate, {"base_scores": PROBS, "twin_scores": TWINS}),
    "pull": (metrics.signed_pull, {"twin_probs": TWINS, "aligned_classes": np.ones((V, K), bool)}),
}
SLOTS = [(call, argument) for call, (_, arguments) in CALLS.items() for argument in arguments]
REAL_SLOTS = [slot for slot in SLOTS if CALLS[slot[0]][1][slot[1]].dtype.kind == "f"]
LABEL_SLOTS = [slot for slot in SLOTS if slot[1] == "labels"]


def call_with(call, argument, value):
    function, arguments = CALLS[call]
    return function(**{**arguments, argument: value})


@pytest.mark.parametrize("call", CALLS)
def test_good_arrays_pass(call):
    function, arguments = CALLS[call]
    assert np.isfinite(function(**arguments))


@pytest.mark.parametrize(("call", "argument"), REAL_SLOTS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_non_finite(call, argument, value):
    with pytest.raises(MetricError, match=rf"^{argument}: found {value} at .*expected finite numbers.*; correct"):
        call_with(call, argument, spoiled(CALLS[call][1][argument], value))


@pytest.mark.parametrize(("call", "argument"), SLOTS)
def test_wrong_shape(call, argument):
    good = CALLS[call][1][argument]
    with pytest.raises(MetricError, match=rf"^{argument}: found shape .*expected shape .*; pass"):
        call_with(call, argument, good[None])


@pytest.mark.parametrize(("call", "argument"), SLOTS)
def test_empty(call, argument):
    with pytest.raises(MetricError, match=rf"^{argument}: found shape \(0,"):
        call_with(call, argument, CALLS[call][1][argument][:0])


@pytest.mark.parametrize(("call", "argument"), SLOTS)
@pytest.mark.parametrize("convert", [lambda a: a.tolist(), lambda a: a.astype(complex), lambda a: a.astype(object)])
def test_wrong_type(call, argument, convert):
    with pytest.raises(MetricError, match=rf"^{argument}: found .*expected an array of (real|integers|booleans)"):
        call_with(call, argument, convert(CALLS[call][1][argument]))


@pytest.mark.parametrize(("call", "argument"), LABEL_SLOTS)
@pytest.mark.parametrize("label", [-1, K])
def test_label_out_of_range(call, argument, label):
    with pytest.raises(MetricError, match=rf"labels: found values from .*{label}.*expected integers in \[0, {K}\)"):
        call_with(call, argument, spoiled(LABELS, label))


@pytest.mark.parametrize(("call", "argument"), [slot for slot in REAL_SLOTS if slot[1].endswith("_probs")])
def test_logits_where_probabilities_belong(call, argument):
    good = CALLS[call][1][argument]
    with pytest.raises(MetricError, match=rf"^{argument}: found a row that sums to 4, .*apply softmax"):
        call_with(call, argument, np.ones_like(good))
    with pytest.raises(MetricError, match=rf"^{argument}: found the negative value -0.25"):
        call_with(call, argument, -good)


@pytest.mark.parametrize(("off", "passes"), [(0.0009, True), (-0.0009, True), (0.0011, False), (-0.0011, False)])
def test_probabilities_may_be_off_by_a_thousandth(off, passes):
    probs = PROBS + off / K
    if passes:
        assert metrics.placebo_floor(PROBS, probs, LABELS) == pytest.approx(abs(off) / K)
    else:
        with pytest.raises(MetricError, match=f"placebo_probs: found a row that sums to {1 + off:.6g}"):
            metrics.placebo_floor(PROBS, probs, LABELS)


@pytest.mark.parametrize("sign", [-1, 1])
def test_scores_have_a_largest_size(sign):
    assert metrics.accuracy(spoiled(PROBS, sign * 1e100), LABELS) >= 0
    with pytest.raises(MetricError, match=r"logits: found .*1.1e.100 at .*at most 1e.100; correct"):
        metrics.accuracy(spoiled(PROBS, sign * 1.1e100), LABELS)


def test_half_precision_probabilities_pass():
    assert metrics.placebo_floor(PROBS.astype(np.float16), PROBS.astype(np.float32), LABELS) == 0


@pytest.mark.parametrize("function", [metrics.worst_group_accuracy, metrics.group_accuracies, metrics.group_counts])
def test_empty_group_is_an_error(function):
    with pytest.raises(MetricError, match="group_ids: found no sample in group 1 of 3, expected at least one sample"):
        function(PROBS, LABELS, 2 * GROUPS)
    with pytest.raises(MetricError, match="group_ids: found no sample in groups 2, 3 of 4"):
        function(PROBS, LABELS, GROUPS, 4)
    with pytest.raises(MetricError, match=r"group_ids: found values from 0 to 1, expected integers in \[0, 1\)"):
        function(PROBS, LABELS, GROUPS, 1)


@pytest.mark.parametrize("temperature", [0, -1.0, np.nan, np.inf])
def test_bad_temperature(temperature):
    with pytest.raises(MetricError, match=r"temperature: found .* expected a positive finite number; fit it"):
        metrics.softmax(PROBS, temperature)
    with pytest.raises(MetricError, match="temperature: found"):
        metrics.invariance_gap(PROBS, PROBS, LABELS, temperature)


def test_temperature_at_which_the_loss_overflows():
    with pytest.raises(MetricError, match="temperature: found 1e-300, at which unc_logits cost infinity"):
        metrics.invariance_gap(PROBS, spoiled(PROBS, 1e50), LABELS, 1e-300)


def test_cra_names_the_channel():
    with pytest.raises(MetricError, match=r"^twin_scores\['color'\]: found nan at \(5, 2, 3\)"):
        metrics.counterfactual_robust_accuracy(PROBS, {"shape": TWINS, "color": spoiled(TWINS)}, LABELS)
    with pytest.raises(MetricError, match="twin_scores: found no channel"):
        metrics.counterfactual_robust_accuracy(PROBS, {}, LABELS)


def test_pull_without_alignment():
    with pytest.raises(MetricError, match="aligned_classes: found no True at all"):
        metrics.signed_pull(TWINS, np.zeros((V, K), bool))
