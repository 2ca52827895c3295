import pytest

from spurgen.harness.board.rows import is_baseline_row


def test_a_row_of_ours_is_a_baseline(suite, make_row, baseline):
    assert is_baseline_row(make_row(suite, 0.8, range(3), **baseline))
    assert not is_baseline_row(make_row(suite, 0.8, range(3)))


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
def test_a_row_that_only_says_it_is_a_baseline_is_none(suite, make_row, baseline, forged):
    assert not is_baseline_row(make_row(suite, 0.8, range(3), **baseline | forged))
