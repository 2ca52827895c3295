import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydantic import ValidationError

from spurgen.benchmark.result import Environment, Provenance, Report, Result, round_samples

FIELDS = {
    "suite": "v1", "task": "signs-image", "submission": "erm", "spec": "spurgen.baselines.erm",
    "options": {"epochs": 3}, "access": "none", "seed": 0,
    "identity": "a" * 64, "data_sha256": "b" * 64, "submission_sha256": "c" * 64, "isolation": "process",
    "metrics": {"wga": 0.25}, "channels": {"color": {"sss": 0.5}},
    "provenance": Provenance(
        finished="2026-01-01T00:00:00+00:00",
        environment=Environment(python="3.11", machine="m", packages={}, spurgen="0.1"),
        seconds={"fit": 2.0, "ask": 0.5},
    ),
}  # fmt: skip


def test_a_result_is_self_reported_comes_back_from_json_and_has_metrics_over_all_channels_and_of_one():
    result = Result(**FIELDS)
    assert Result.model_validate_json(result.model_dump_json()) == result
    assert result.verification == "self-reported"
    assert (result.metric("wga"), result.metric("sss/color")) == (0.25, 0.5)
    with pytest.raises(KeyError):
        result.metric("sss/shape")


def test_a_report_names_the_sanity_checks_that_failed():
    assert Report(checks={"a": True, "b": False}).failed_checks == ["b"]


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07\x1b[2J", "a\nb", "\u202eb", "\ud800", "x" * 101])
def test_names_in_a_report_are_short_and_printable(name):
    expected = "expected at most 100 printable characters"
    with pytest.raises(ValidationError, match=expected):
        Report(checks={name: False})
    with pytest.raises(ValidationError, match=expected):
        Report(selection=name)


@pytest.mark.parametrize(
    "wrong",
    [
        {"metrics": {"wga": float("nan")}},
        {"metrics": {"wga": float("inf")}},
        {"verification": "trust me"},
        {"rank": 1},
        {"access": "all\x1b[2J"},
        {"access": ""},
        {"seed": "one"},
        {"seed": -1},
        {"provenance": {}},
    ],
)
def test_a_malformed_result_is_refused(wrong):
    with pytest.raises(ValidationError):
        Result(**{**FIELDS, **wrong})


@given(array=arrays.arrays(np.float64, st.integers(1, 50), elements=st.floats(-60000, 60000)))
def test_samples_are_rounded_to_half_precision(array):
    rounded = round_samples({"ig": array})["ig"]
    assert rounded.dtype == np.float64
    np.testing.assert_array_equal(rounded, array.astype(np.float16))


@given(array=arrays.arrays(np.float64, (5, 20), elements=st.floats(-4e6, 4e6)), order=st.permutations(range(5)))
def test_sums_of_rounded_samples_are_exact_in_any_order(array, order):
    rows = [round_samples({"ig": row})["ig"] for row in array]
    forward, shuffled = sum(rows), sum(rows[k] for k in order)
    np.testing.assert_array_equal(forward, shuffled)
    np.testing.assert_array_equal(np.rint(forward * 2.0**24), forward * 2.0**24)


def test_flags_stay_flags_and_large_numbers_become_whole():
    rounded = round_samples({"correct": np.array([True, False]), "ig": np.array([65520.4, -1e6 - 0.3])})
    assert rounded["correct"].dtype == np.bool_
    assert rounded["ig"].tolist() == [65520, -1000000]


@pytest.mark.parametrize("wrong", [np.inf, -np.inf, np.nan, 1e39])
def test_samples_that_cannot_be_stored_are_refused(wrong):
    with pytest.raises(ValueError, match=rf"samples of ig: {re.escape(str(wrong))}, expected finite numbers of at"):
        round_samples({"ig": np.array([0.5, wrong])})
