import numpy as np
import pytest

from spurgen.harness.board.baseline_rows import is_baseline_row, pooled_spreads
from spurgen.harness.results.rows import make_task_row


def test_spreads_are_pooled_by_metric_and_channel(suite, make_outcome):
    outcomes = [make_outcome(suite, 0.8, seed, arrays={"sss/color": np.full(24, 0.25 * seed)}) for seed in range(3)]
    rows = make_task_row(outcomes), make_task_row(outcomes[:1])
    spreads = pooled_spreads(iter(rows), ["sss/color", "sss/background"])
    assert spreads == {"sss/color": (pytest.approx(0.25), 2), "sss/background": None}


def test_a_strangers_seeds_move_no_interval_except_its_own(suite, make_row, make_outcome, baseline):
    ours = make_row(suite, 0.8, range(3), **baseline)
    wild = make_task_row([make_outcome(suite, 0.9 * (seed % 2), seed) for seed in range(60)])
    assert (is_baseline_row(ours), is_baseline_row(wild)) == (True, False)
    assert pooled_spreads([ours, wild], ["wga"]) == pooled_spreads([ours], ["wga"])
    assert pooled_spreads([make_row(suite, 0.8, **baseline), wild], ["wga"]) == pooled_spreads([wild], ["wga"])


@pytest.mark.parametrize(
    "forged",
    [
        {"submission_sha256": "0"},
        {"spec": "spurgen.baselines.x"},
        {"spec": "spurgen.baselines.training.loop"},
        {"spec": "spurgen.baselines../../secret"},
        {"spec": "erm.py"},
        {"options": {"lr": 1.0}},
    ],
)
def test_a_row_that_only_says_it_is_a_baseline_is_not_pooled(suite, make_row, make_outcome, baseline, forged):
    ours = make_row(suite, 0.8, range(3), **baseline)
    wild = make_task_row([make_outcome(suite, 0.9 * (seed % 2), seed, **baseline | forged) for seed in range(60)])
    assert pooled_spreads([ours, wild], ["wga"]) == pooled_spreads([ours], ["wga"])
