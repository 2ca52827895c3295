import re
from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.validity.answer import FAILS, HOLDS, VERDICTS
from spurgen.harness.validity.questions import number_needed
from spurgen.harness.validity.suite import gather

STEEP = {"erm": (0.2, 0.85), "jtt": (0.5, 0.88), "subg": (0.7, 0.89)}
FLAT = {"dfr": (0.6, 0.62)}  # the fewest at half of the ceiling of .9, more than the last rung at three quarters
ACCESS = {"erm": "none", "jtt": "val_groups", "dfr": "val_groups", "subg": "train_groups"}


@pytest.fixture
def examined(ladder_suite):
    """Return a function that examines a ladder from A(4) and A(16) by method; ten worlds differ by a normal error."""

    def examine(curves, error=0.01):
        suite = gather(ladder_suite, {}, [], {})
        rng = np.random.default_rng(0)
        by_rung = {
            m: {label: means[k] + error * rng.standard_normal(10) for label, means in curves.items()}
            for k, m in enumerate((4, 16))
        }
        access = {label: ACCESS[label] for label in curves}
        score = {label: np.mean([rung[label] for rung in by_rung.values()], axis=0) for label in curves}
        metrics = {"robust_accuracy": score, "accuracy_mislead": {label: each + 0.02 for label, each in score.items()}}
        ladder = replace(suite.tasks["few-text"], access=access, curves=by_rung, metrics=metrics)
        return number_needed.examine(replace(suite, tasks={"few-text": ladder}))

    return examine


def test_steep_curves_keep_their_order_at_every_threshold(examined, line):
    answer = examined(STEEP)
    assert answer.verdict == HOLDS
    ladder = line(answer, task="few-text", rows=3)
    assert (ladder["reversed"], ladder["all_with"], ladder["least_correlation"]) == (
        0.0,
        [],
        pytest.approx(0.866, abs=1e-3),
    )
    assert ladder["below_misled"] == pytest.approx(0.02)
    assert (ladder["lowest_rung"], ladder["like_lowest"]) == (4, pytest.approx(1))
    assert (
        "order rows nearly as accuracy with 4 counterexamples alone does (Spearman's correlation 1.00)"
        in answer.summary
    )
    assert ladder["told_apart_twice"] == 8  # 3 pairs at 3 thresholds, but for two rows that need at most 4 at half
    erm = line(answer, submission="erm")
    assert [text.partition(" ")[0] for key, text in erm.items() if key.startswith("at_")] == [
        "7",
        "8",
        "11",
        "15",
    ]  # 4 * 4 ** ((0.45 - 0.2) / 0.65), ...


def test_a_flat_curve_that_crosses_others_is_named(examined, line):
    answer = examined(STEEP | FLAT)
    ladder = line(answer, task="few-text", rows=4)
    assert (answer.verdict, ladder["all_with"]) == (FAILS, ["dfr"])
    assert ladder["reversed"] > 0.05
    assert ladder["like_lowest"] == pytest.approx(0.8)  # dfr is third by the score, second with 4 alone
    assert "all with dfr; least correlation" in answer.summary


def test_rows_whose_intervals_overlap_are_not_told_apart(examined, line):
    answer = examined({"erm": (0.50, 0.88), "subg": (0.55, 0.88)}, error=0.1)
    texts = (line(answer, submission=label)["at_75%"] for label in ("subg", "erm"))
    (low, high), (lower, _) = (map(int, re.findall(r"\d+", text)[1:]) for text in texts)
    assert low < lower < high
    assert line(answer, task="few-text", rows=2)["told_apart_twice"] == 0


@pytest.mark.parametrize(("end", "covers"), [(0.0, False), (1.0, True)])
def test_an_interval_that_misses_the_number_does_not_cover(examined, line, monkeypatch, end, covers):
    real = number_needed.needed

    def narrowed(curves, climb):
        found = real(curves, climb)
        low, high = found.interval
        return replace(found, interval=type(found.interval)(low, low + end * (high - low)))

    monkeypatch.setattr(number_needed, "needed", narrowed)
    answer = examined(STEEP, error=0.05)
    assert (line(answer, task="few-text", rows=3)["coverage"] > number_needed.COVERED_LEAST) is covers


def test_without_rows_there_is_no_verdict(examined):
    answer = examined({"erm": STEEP["erm"]})
    assert (answer.verdict, answer.summary) == (VERDICTS[None], "")
    assert answer.missing[0].startswith("few-text: fewer than two ranked rows")
