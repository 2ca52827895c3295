import pytest

from spurgen.harness.board.formats import overview_table
from spurgen.harness.board.schema import Board, Leaderboard

ACCESS = {"high": "train_groups", "partial": "none"}


def rows(**rows):
    """A board's rows, from (robust accuracy, first rank, last rank)."""
    return [
        {"submission": name, "access": ACCESS.get(name, "envs"), "ranked": True, "first_rank": first,
         "last_rank": last, "of": 4, "robust_accuracy": value}
        for name, (value, first, last) in rows.items()
    ]  # fmt: skip


TASKS = {
    "image": rows(high=(0.949, 1, 1), low=(0.944, 1, 2), partial=(0.1, 3, 3)),
    "text": rows(low=(0.3, 2, 3), high=(1.0, 1, 1), **{"odd<": (0.2, 4, 4)}),
    "other": rows(other=(0.5, 1, 1)),
    "empty": [],
}
LABELS = ("high", "low", "partial", "odd<", "nowhere")


def table(read_table, **sets):
    tasks = {name: Board(part, (), (), "world", 5) for name, part in TASKS.items()}
    overall = {name: Board(part, (), (), "world", 5) for name, part in sets.items()}
    board = Leaderboard("tiny", "0", tasks, overall)
    lines = read_table(overview_table(board, ("image", "text", "empty"), LABELS))
    return list(lines[0]), [list(line.values()) for line in lines]


def test_a_line_has_the_mean_and_every_task_with_the_rank_interval_the_best_tier_first(read_table):
    sets = {"mine": rows(high=(0.97, 1, 1), low=(0.62, 2, 2)), "other": rows(low=(0.6, 1, 1))}
    head, lines = table(read_table, **sets)
    assert head == ["Given", "Submission", "Mean, mine", "image", "text"]
    assert lines == [
        ["counterexamples marked in train", "high", "0.97 (1 of 4)", "0.95 (1 of 4)", "1.00 (1 of 4)"],
        ["environments", "low", "0.62 (2 of 4)", "0.94 (1-2 of 4)", "0.30 (2-3 of 4)"],
        ["labels alone", "partial", "", "0.10 (3 of 4)", ""],
        ["environments", "odd&lt;", "", "", "0.20 (4 of 4)"],
    ]


@pytest.mark.parametrize("sets", [{}, {"mine": []}])
def test_without_a_ranked_set_there_is_no_mean(read_table, sets):
    head, lines = table(read_table, **sets)
    assert head == ["Given", "Submission", "image", "text"]
    assert [line[1] for line in lines] == ["high", "low", "partial", "odd&lt;"]


def test_of_ladders_there_is_a_column_each_with_the_counterexamples_needed(ladder_board, ladder_suite, read_table):
    lines = read_table(overview_table(ladder_board, ladder_suite.tasks, ("erm", "subg", "nobody")))
    assert list(lines[0]) == ["Given", "Submission", "few-text"]  # nobody climbed the other
    rows = {row["submission"]: row for row in ladder_board.overall["few-text"].rows}
    assert [(line["Submission"], line["few-text"]) for line in lines] == [
        (name, rows[label]["counterexamples_text"])
        for label, name in {"erm": "ERM", "subg": "subg"}.items()  # a stranger of ERM's tier is the best
    ]


def test_rows_that_are_not_ranked_are_left_out(ladder_board, ladder_suite, read_table):
    (few,) = [row["submission"] for row in ladder_board.overall["few-text"].few]
    assert few == "short"
    lines = read_table(overview_table(ladder_board, ladder_suite.tasks, ("short", "erm")))
    assert [line["Submission"] for line in lines] == ["ERM"]
