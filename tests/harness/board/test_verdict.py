from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.board.columns import cell
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.rows import groups_on_test
from spurgen.harness.board.verdict import MORE, over_samples, task_lines, verdict, why, winners
from spurgen.harness.machine.printing import p_equals

TASK = "small-text"
TASKS = ("small-text", "small-image")


@pytest.fixture
def judge(suite):
    """Return a function that judges a row of one task beside others, and returns the lines and the board."""

    def of(label, flags="", **rows):
        by_task = {name: {TASK: row} for name, row in rows.items()}
        board = build(suite, by_task)
        return verdict(suite, board, label, by_task, (TASK,), flags), board.tasks[TASK]

    return of


def test_a_ranked_row_is_judged_in_sentences(suite, make_row, make_baselines, judge, as_baseline):
    good = make_row(suite, 1.0, range(5), access="train_groups", follows={"background": 0.5})
    worse = make_row(suite, 0.85, range(5), access="train_groups", **as_baseline("group_dro"))
    lines, part = judge("good", good=good, **make_baselines() | {"group_dro": worse})
    row = next(row for row in part.rows if row["submission"] == "good")
    erm, best = (next(row for row in part.rows if row["submission"] == label) for label in ("erm", "group_dro"))
    start, end = row["robust_accuracy_low"], row["robust_accuracy_high"]
    low, high, p_value = row["to_erm_low"], row["to_erm_high"], p_equals(row["to_erm_p_holm"])
    assert lines == [
        f"good on small-text: rank {cell('rank', row)} of 3 with access train_groups, letter a.",
        f"  Its accuracy if misled is 1.000, 95 % interval over seeds [{start:.3f}, {end:.3f}] (5 seeds).",
        f"  It is significantly better than ERM: {row['to_erm']:+.3f}, 95 % interval without correction "
        f"[{low:+.3f}, {high:+.3f}], Holm-corrected {p_value}; it is given train_groups, ERM none.",
        "  If misled it is right more often than ERM in the same 5 seeds. 50% of its answers follow the shortcuts "
        f"(most of single ones background: 50%), of ERM's {erm['follows']:.0%}. It uses the thing in 71%, ERM "
        f"in {erm['uses_thing']:.0%}.",
        "  Accuracy if misled on small-text: 1.000 "
        f"(erm {erm['robust_accuracy']:.3f}, group_dro {best['robust_accuracy']:.3f}).",
        f"  group_dro is the best row with its access: {best['follows']:.0%} of its answers follow, and it uses "
        f"the thing in {best['uses_thing']:.0%}.",
        "  Its accuracy is 1.000 where shortcuts agree, 1.000 where they mislead (chance: 0.333).",
        "  Over 5 seeds its hardest group is heart where no shortcut misleads: accuracy 1.000, as in 11 other groups.",
        "Every metric and shortcut: spurgen compare good erm --tasks small-text --all",
        MORE,
    ]


def test_a_row_with_few_units_has_no_rank(suite, make_row, make_baselines, judge):
    lines, _ = judge("mine", mine=make_row(suite, 0.9, range(2)), **make_baselines())
    assert lines[0] == "mine on small-text: no rank among the others: it has 2 of 5 seeds; run seeds 0-4."
    assert lines[2].startswith("  Its difference to ERM is not tested on 2 of 5 seeds: +")


@pytest.fixture
def make_rows(suite, make_row, baseline):
    """Return a function that makes a stranger's row of every quality, by label; `erm` is our baseline."""

    def make(seeds=range(5), **qualities):
        return {
            label: make_row(suite, quality, seeds, **(baseline if label == "erm" else {}))
            for label, quality in qualities.items()
        }

    return make


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ({"mine": 0.5, "erm": 1.0}, "  It is significantly worse than ERM: -"),
        ({"mine": 0.8, "erm": 0.82}, "  It is not significantly better or worse than ERM: "),
        ({"mine": 0.8, "other": 0.6}, "  There is no row of ERM."),
    ],
)
def test_a_row_is_compared_with_erm(make_rows, judge, rows, sentence):
    lines, _ = judge("mine", **make_rows(**rows))
    assert lines[2].startswith(sentence)


def test_a_row_that_is_not_stored_gets_no_command_that_would_not_find_it(make_rows, judge):
    rows = make_rows(mine=0.5, erm=1.0)
    stored, unstored = (judge("mine", flags, **rows)[0] for flags in ("", None))
    assert unstored == stored[:-2]
    assert stored[-2].startswith("Every metric and shortcut: spurgen compare mine erm")


def test_erm_is_compared_with_the_best_other_row(make_rows, judge):
    lines, _ = judge("erm", "--suite s", **make_rows([0], erm=0.8, low=0.6, high=1.0))
    assert lines[2] == "  It is the row that others are compared with."
    assert lines[-2] == "Every metric and shortcut: spurgen compare erm high --tasks small-text --suite s --all"


def test_a_row_alone_has_nothing_to_be_compared_with(suite, make_row, judge):
    lines, _ = judge("mine", mine=make_row(suite, 0.9, range(5)))
    assert lines[0].startswith("mine on small-text: rank 1 of 1 with access none, ")
    assert "compare" not in lines[-1]


def test_the_worst_group_is_named_by_its_class_and_the_channels_that_mislead(suite, make_row, judge):
    groups = groups_on_test(suite.task(TASK))
    for group, words in ((4 + 1, "arrow where color misleads"), (8 + 3, "moon where color and background mislead")):
        correct = np.ones(len(groups), bool)
        correct[np.flatnonzero(groups == group)[:2]] = False
        lines, _ = judge("mine", mine=make_row(suite, correct))
        assert lines[-1] == f"  Its hardest group is {words}: accuracy 0.600."


def test_a_row_that_is_not_ranked_gets_the_reason(suite, make_row, judge):
    assert judge("mine", mine=make_row(suite, 1.0, error="boom\x1b[2J"), other=make_row(suite, 0.9))[0] == [
        "mine on small-text: not ranked: failed with seed 0: boom?[2J"
    ]
    row = make_row(suite, 0.9, seeds=(1,))
    assert judge("mine", mine=row)[0] == [
        "mine on small-text: not ranked: incomplete: has the seeds 1, expected all from 0 on; run or merge the others",
        f"  Its worst-group accuracy is {row.mean('wga'):.3f}, its accuracy {row.mean('accuracy'):.3f}.",
        f"  {row.mean('follows'):.0%} of its answers follow the shortcuts, most of single ones color: "
        f"{row.mean('follows/color'):.0%}. It uses the thing in {row.mean('uses_thing'):.0%}.",
    ]


def test_a_set_of_tasks_is_judged_if_all_of_it_was_asked_for(suite, make_row, make_baselines):
    tables = {task: make_baselines(task=task) for task in TASKS}
    ranked = {label: {task: tables[task][label] for task in TASKS} for label in tables[TASK]}
    part = {"part": {TASK: make_row(suite, 0.9, range(5))}}
    whole = replace(suite, overall={"both": TASKS})
    board = build(whole, ranked | part)
    lines = verdict(whole, board, "group_dro", ranked, TASKS)
    title = "group_dro on both (mean over small-text and small-image): rank 1 of 2 with access train_groups, letter a."
    start = lines.index(title)
    assert lines[start + 1].startswith("  Its mean accuracy if misled is 0.")
    assert lines[start + 2].startswith("  It is significantly better than ERM: +")
    assert lines[-2].endswith("spurgen compare group_dro erm --tasks small-image small-text --all")
    assert "both (mean" not in "\n".join(verdict(whole, board, "group_dro", ranked, (TASK,)))
    lines = verdict(whole, board, "part", part, TASKS)
    assert "part on both (mean over small-text and small-image): not ranked: small-image: not run" in lines


def test_a_single_unit_has_the_interval_over_its_test_samples_and_no_test_that_says_nothing(
    suite, make_row, make_baselines, judge
):
    lines, part = judge("mine", mine=make_row(suite, 0.9, [0]), **make_baselines())
    (line,) = [line for line in lines if "test samples" in line]
    assert line.startswith("  For this one seed alone, over its test samples: 95 % interval [0.")
    low, high = map(float, line.rpartition("[")[2].rstrip("].").split(", "))
    row = next(row for row in part.few if row["submission"] == "mine")
    assert 0 < low < row["robust_accuracy"] < high <= 1
    several, _ = judge("mine", mine=make_row(suite, 0.9, range(2)), **make_baselines())
    assert not any("test samples" in line for line in several)


def test_a_benchmark_ends_with_the_winner_of_each_ladder_and_what_to_do_next(ladder_suite, ladder_board):
    rows = ladder_board.overall["few-text"].rows
    best = max(rows, key=lambda row: row["robust_accuracy"])
    alone = next(row for row in rows if row["access"] == "none")
    said, following = winners(ladder_board, ladder_suite.tasks)
    needs = alone["counterexamples_text"]
    given = f", with access {best['access']}; with labels alone {alone['submission']}, which needs {needs} "
    assert said.startswith(
        f"few-text: best is {best['submission']}, which needs {best['counterexamples_text']} counterexamples"
    )
    assert (given in said) == (best["access"] != "none")
    assert following.startswith(f"Next: spurgen compare {best['submission']} erm (how surely they differ), ")
    assert winners(ladder_board, ()) == []


def test_without_a_whole_ladder_the_best_row_of_a_task_wins_and_too_few_units_are_said(suite, make_rows):
    board = build(suite, {label: {TASK: row} for label, row in make_rows(range(2), mine=0.5, erm=1.0).items()})
    (said, _) = winners(board, (TASK,))
    assert said.startswith("small-text: best is erm, 1.000")
    assert said.endswith("; no row has the 5 seeds of a rank.")


RUNGS = ("few-text-4", "few-text-16")


def test_a_row_on_a_ladder_is_described_in_sentences(ladder_suite, ladder_rows):
    rows = ladder_rows(ladder_suite)
    board = build(ladder_suite, rows)
    text = "\n".join(verdict(ladder_suite, board, "subg", rows, RUNGS))
    row = next(row for row in board.overall["few-text"].rows if row["submission"] == "subg")
    assert f"accuracy if misled is {row['robust_accuracy']:.3f}" in text
    assert f"It needs {row['counterexamples_text']} counterexamples to reach three quarters of the ceiling" in text
    assert f"{row['counterexamples_to_erm_text']} times as many as ERM; over 5 worlds ERM needs " in text
    assert "Its mean accuracy if misled is" in text


def test_a_row_on_a_ladder_stands_beside_erm_and_the_best_of_its_tier_in_the_same_worlds(
    ladder_suite, ladder_rows, make_rung_row
):
    rows = ladder_rows(ladder_suite)
    rows["mine"] = {name: make_rung_row(ladder_suite, 0.9, (0, 1), task=name) for name in RUNGS}
    board = build(ladder_suite, rows)
    lines = verdict(ladder_suite, board, "mine", rows, RUNGS, alone=())
    tier = [row["submission"] for row in board.overall["few-text"].rows if row["access"] == "none"]
    erm, mine, best = (
        {name: rows[label][name].metric("robust_accuracy")[:2].mean() for name in RUNGS}
        for label in ("erm", "mine", tier[0])
    )
    said = "more" if sum(mine.values()) > sum(erm.values()) else "less"
    (reasons,) = [
        line
        for line in lines
        if line.startswith(f"  If misled it is right {said} often than ERM in the same 2 worlds. ")
    ]
    assert "of its answers follow the shortcuts (most of single ones " in reasons
    of_best = "" if tier[0] == "erm" else f", {tier[0]} {{:.3f}}"
    for name, m in zip(RUNGS, (4, 16), strict=True):
        others = f"erm {erm[name]:.3f}{of_best.format(best[name])}"
        assert f"  Accuracy if misled with {m} counterexamples: {mine[name]:.3f} ({others})." in lines
    row = next(row for row in board.overall["few-text"].rows if row["submission"] == "erm")
    assert any(line.endswith(f"worlds ERM needs {row['counterexamples_text']}.") for line in lines)


def test_what_answers_follow_and_the_hardest_group(ladder_suite, ladder_board, ladder_rows):
    rung, ladder_results = ladder_suite.task("few-text-4"), ladder_rows(ladder_suite)
    results = ladder_results["erm"]["few-text-4"]
    row = next(row for row in ladder_board.tasks["few-text-4"].rows if row["submission"] == "erm")
    accuracies, hardest = task_lines(rung, row, results, "world")
    assert f"{row['accuracy_mislead']:.3f} where they mislead" in accuracies
    assert "chance: 0.333" in accuracies
    reasons, *_ = why([rung], "erm", ladder_results, "", "world")
    assert reasons.startswith(f"  {row['follows']:.0%} of its answers follow the shortcuts, most of single ones ")
    right = np.mean([result.groups for result in results.results], axis=0).reshape(3, 2) / 20
    label, misled = np.unravel_index(right.argmin(), right.shape)
    assert misled == 1
    assert f"{rung.scenario.categories[label]} where shortcuts mislead: accuracy {right.min():.3f}" in hardest


def test_the_interval_over_the_scenes_of_one_world(ladder_suite, make_rung_row):
    rung, row = ladder_suite.task("few-text-4"), make_rung_row(ladder_suite, 0.5, (0,))
    low, high = over_samples(rung, row)
    assert low < row.mean("robust_accuracy") < high
    suite = replace(ladder_suite, overall={})
    lines = verdict(suite, build(suite, {"m": {"few-text-4": row}}), "m", {"m": {"few-text-4": row}}, ["few-text-4"])
    assert f"  For this one world alone, over its test samples: 95 % interval [{low:.3f}, {high:.3f}]." in lines
