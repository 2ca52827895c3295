from dataclasses import replace

import numpy as np

from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.verdict import over_samples, task_lines, verdict, why

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
