from dataclasses import replace

import numpy as np

from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.task_verdict import over_samples, task_lines
from spurgen.harness.board.verdict import verdict

RUNGS = ("few-text-4", "few-text-16")


def test_a_row_on_a_ladder_is_described_in_sentences(ladder_suite, ladder_rows):
    rows = ladder_rows(ladder_suite)
    board = build(ladder_suite, rows)
    text = "\n".join(verdict(ladder_suite, board, "subg", rows["subg"], RUNGS))
    row = next(row for row in board.overall["few-text"].rows if row.submission == "subg")
    assert f"accuracy if misled is {row.ranked_by.value:.3f}" in text
    assert f"It needs {row.needed.text} counterexamples to reach three quarters of the ceiling" in text
    assert f"{row.needed_to_erm.text} times as many as ERM." in text
    assert "Its mean accuracy if misled is" in text


def test_what_answers_follow_and_the_hardest_group(ladder_suite, ladder_board, ladder_rows):
    rung, results = ladder_suite.task("few-text-4"), ladder_rows(ladder_suite)["erm"]["few-text-4"]
    row = next(row for row in ladder_board.tasks["few-text-4"].rows if row.submission == "erm")
    accuracies, follows, hardest = task_lines(rung, row, results, "world")
    assert f"{row.value('accuracy_mislead'):.3f} where they mislead" in accuracies
    assert "chance: 0.333" in accuracies
    assert follows.startswith(f"  {row.value('follows'):.0%} of its answers follow all shortcuts")
    right = np.mean([result.groups for result in results.results], axis=0).reshape(3, 2) / 20
    label, misled = np.unravel_index(right.argmin(), right.shape)
    assert misled == 1
    assert f"{rung.ladder.categories[label]} where shortcuts mislead: accuracy {right.min():.3f}" in hardest


def test_the_interval_over_the_scenes_of_one_world(ladder_suite, make_rung_row):
    rung, row = ladder_suite.task("few-text-4"), make_rung_row(ladder_suite, 0.5, (0,))
    low, high = over_samples(rung, row)
    assert low < row.mean("robust_accuracy") < high
    suite = replace(ladder_suite, overall={})
    lines = verdict(suite, build(suite, {"m": {"few-text-4": row}}), "m", {"few-text-4": row}, ["few-text-4"])
    assert f"  For this one world alone, over its test samples: 95 % interval [{low:.3f}, {high:.3f}]." in lines
