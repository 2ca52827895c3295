from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.board.bootstrap import groups_on_test
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.rendering import p_text
from spurgen.harness.board.verdict import FEW_SEEDS, MORE, verdict

TASK = "small-text"
TASKS = ("small-text", "small-image")


@pytest.fixture
def judge(suite):
    """Return a function that judges a row of one task beside others, and returns the lines and the board."""

    def of(label, flags="", **rows):
        by_task = {name: {TASK: row} for name, row in rows.items()}
        board = build(suite, by_task)
        return verdict(suite, board, label, by_task[label], (TASK,), flags), board.tasks[TASK]

    return of


def test_a_ranked_row_is_judged_in_sentences(suite, make_row, judge):
    rows = {"erm": make_row(suite, 0.6, range(4)), "good": make_row(suite, 1.0, range(4), access="envs")}
    lines, part = judge("good", **rows)
    against, (start, end) = part.rows[0].against_erm, part.rows[0].estimates["wga"].ends
    (low, high), p_value = against.interval, p_text(against.p_bootstrap_holm)
    assert lines == [
        "good on small-text: rank 1 of 2.",
        f"  Its worst-group accuracy is 1.000, 95 % interval [{start:.3f}, {end:.3f}] (4 seeds).",
        f"  It is significantly better than ERM: {against.difference:+.3f}, 95 % interval without correction "
        f"[{low:+.3f}, {high:+.3f}], Holm-corrected p {p_value}; it is given envs, ERM none.",
        "  Of its channels color moves it most: SSS 0.300; redrawn nuisances move it by 0.100.",
        "  Over 4 seeds its hardest group is heart where no channel conflicts: mean accuracy 1.000, as in 11 other "
        "groups (worst-group accuracy averages every seed's own worst group).",
        "  Its accuracy is 1.000 (chance: 0.333), its core sensitivity 0.700.",
        "Every metric and channel: spurgen compare good erm --tasks small-text",
        MORE,
    ]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ({"mine": 0.6, "erm": 1.0}, "  It is significantly worse than ERM: -"),
        (
            {"mine": 0.8, "erm": 0.8},
            "  It is not significantly better or worse than ERM: +0.000, 95 % interval without corr",
        ),
        ({"mine": 0.8, "other": 0.6}, "  No ERM row is ranked here."),
    ],
)
def test_a_row_is_compared_with_erm(suite, make_row, judge, rows, sentence):
    lines, _ = judge("mine", **{label: make_row(suite, quality, range(4)) for label, quality in rows.items()})
    assert lines[2].startswith(sentence)


@pytest.mark.parametrize(("seeds", "words"), [(3, "the 3 seeds that both have"), (1, "the seed that both have")])
def test_a_difference_on_fewer_seeds_than_a_row_has_names_them(suite, make_row, judge, seeds, words):
    rows = {"mine": make_row(suite, 0.8, range(5)), "erm": make_row(suite, 0.7, range(seeds))}
    lines, part = judge("mine", **rows)
    difference = next(row for row in part.rows if row.submission == "mine").against_erm.difference
    assert f"ERM: {difference:+.3f} on {words}, 95 % interval without correction [" in lines[2]
    rows["erm"] = make_row(suite, 0.7, range(5))
    assert "both have" not in judge("mine", **rows)[0][2]


def test_a_groups_accuracy_over_seeds_is_not_mistaken_for_worst_group_accuracy(suite, make_row, judge):
    row = make_row(suite, 0.5, range(5))
    lines, part = judge("mine", mine=row)
    mean = float(lines[4].partition("mean accuracy ")[2].split()[0].rstrip(","))
    assert mean > part.rows[0].value("wga")  # the seeds' worst groups differ
    assert lines[4].startswith("  Over 5 seeds its hardest group is ")
    assert lines[4].endswith(" (worst-group accuracy averages every seed's own worst group).")


def test_erm_is_compared_with_the_best_other_row(suite, make_row, judge):
    qualities = {"erm": 0.8, "low": 0.6, "high": 1.0}
    lines, _ = judge("erm", "--suite s", **{label: make_row(suite, q) for label, q in qualities.items()})
    assert lines[2] == "  It is the row that others are compared with."
    assert lines[-2] == "Every metric and channel: spurgen compare erm high --tasks small-text --suite s"


def test_a_row_alone_has_nothing_to_be_compared_with(suite, make_row, judge):
    lines, _ = judge("mine", mine=make_row(suite, 0.9))
    assert lines[0] == "mine on small-text: rank 1 of 1."
    assert "compare" not in lines[-1]


def test_ties_and_the_variance_over_seeds_are_named(suite, make_row, judge):
    rows = {"erm": make_row(suite, 0.6, range(3)), "a": make_row(suite, 0.9), "b": make_row(suite, 0.9)}
    lines, _ = judge("a", **rows)
    assert lines[0].endswith(", which it shares with 2 others.")
    assert FEW_SEEDS in lines
    assert lines[1].endswith("(1 seed, with the baselines' variance over seeds: docs/statistics.md).")
    lines, _ = judge("a", a=rows["a"], b=rows["b"])
    assert FEW_SEEDS not in lines
    assert lines[1].endswith("(1 seed, without the variance over seeds: docs/statistics.md).")


def test_the_worst_group_is_named_by_its_class_and_the_channels_that_conflict(suite, make_row, judge):
    groups = groups_on_test(suite.task(TASK))
    for group, words in ((4 + 1, "arrow where color conflicts"), (8 + 3, "moon where color and background conflict")):
        correct = np.ones(len(groups), bool)
        correct[np.flatnonzero(groups == group)[:2]] = False
        lines, _ = judge("mine", mine=make_row(suite, correct))
        assert lines[-2] == f"  Its worst group, of 5 samples, is {words}."


def test_the_highest_sss_beside_its_floor_and_an_ignored_core_cue_are_named(suite, make_row, judge):
    arrays = {"placebo": np.full(24, 0.4), "core": np.full(24, 0.2)}
    lines, _ = judge("mine", mine=make_row(suite, 0.6, arrays=arrays))
    assert lines[3:5] == [
        "  Of its channels color moves it most: SSS 0.300; redrawn nuisances move it by 0.400.",
        "  It ignores the core cue: sensitivity 0.200, not above that floor.",
    ]


def test_a_row_that_is_not_ranked_gets_the_reason(suite, make_row, judge):
    assert judge("mine", mine=make_row(suite, 1.0, error="boom\x1b[2J"), other=make_row(suite, 0.9))[0] == [
        "mine on small-text: not ranked: failed with seed 0: boom?[2J"
    ]
    row = make_row(suite, 0.9, seeds=(1,))
    assert judge("mine", mine=row)[0] == [
        "mine on small-text: not ranked: incomplete: has the seeds 1, expected all from 0 on; run it again",
        f"  Its worst-group accuracy is {row.mean('wga'):.3f}, its accuracy {row.mean('accuracy'):.3f}.",
    ]


def test_a_set_of_tasks_is_judged_if_all_of_it_was_asked_for(suite, make_row):
    ranked = {name: {task: make_row(suite, q, range(4), task=task) for task in TASKS}
              for name, q in (("erm", 0.6), ("good", 1.0))}  # fmt: skip
    part = {"part": {TASK: make_row(suite, 0.9)}}
    whole = replace(suite, overall={"both": TASKS})
    board = build(whole, ranked | part)
    lines = verdict(whole, board, "good", ranked["good"], TASKS)
    start = lines.index("good on both (mean over small-text and small-image): rank 1 of 2.")
    assert lines[start + 1].startswith("  Its mean worst-group accuracy is 1.000, 95 % interval [")
    assert lines[start + 2].startswith("  It is significantly better than ERM: +")
    assert lines[-2].endswith("spurgen compare good erm --tasks small-image small-text")
    assert "both (mean" not in "\n".join(verdict(whole, board, "good", ranked["good"], (TASK,)))
    lines = verdict(whole, board, "part", part["part"], TASKS)
    assert "part on both (mean over small-text and small-image): not ranked: small-image: not run" in lines


def test_a_row_that_no_channel_moves_is_said_to_have_none(make_row, suite):
    still = make_row(
        suite, 0.9, arrays={"sss/color": np.zeros(24), "sss/background": np.zeros(24), "flip": np.zeros(24)}
    )
    rows = {"still": {"small-text": still}}
    lines = verdict(suite, build(suite, rows), "still", rows["still"], ["small-text"])
    assert "  No channel moves it: every SSS is 0." in lines
