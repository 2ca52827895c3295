import pytest

from spurgen.harness.board.overview import overview_table
from spurgen.harness.board.schema import BoardRow, Leaderboard, SetBoard, TaskBoard
from spurgen.harness.statistics.estimate import Estimate


def rows(**rows):
    """A board's rows, from (WGA, rank, tied)."""
    return [
        BoardRow(submission=name, name=name, access="envs", seeds=1, seed_variance="own", rank=rank, tied=tied,
                 estimates={"wga": Estimate(wga)})
        for name, (wga, rank, tied) in rows.items()
    ]  # fmt: skip


TASKS = {
    "image": rows(high=(0.949, 1, True), low=(0.944, 1, True), partial=(0.1, 3, False)),
    "text": rows(low=(0.3, 2, False), high=(1.0, 1, False), **{"odd<": (0.2, 4, False)}),
    "other": rows(other=(0.5, 1, False)),
    "empty": [],
}
LABELS = ("high", "low", "partial", "odd<", "nowhere")


def table(read_table, **sets):
    tasks = {name: TaskBoard(part, ()) for name, part in TASKS.items()}
    overall = {name: SetBoard((), part, ()) for name, part in sets.items()}
    board = Leaderboard("tiny", "0", tasks, overall)
    lines = read_table(overview_table(board, ("image", "text", "empty"), LABELS))
    return list(lines[0]), [list(line.values()) for line in lines]


def test_a_line_has_the_mean_and_every_task_with_the_rank(read_table):
    sets = {"mine": rows(high=(0.97, 1, False), low=(0.62, 2, False)), "other": rows(low=(0.6, 1, False))}
    head, lines = table(read_table, **sets)
    assert head == ["Submission", "Access", "Mean, mine", "image", "text"]
    assert lines[:2] == [
        ["high", "envs", "0.97 (1)", "0.95 (1=)", "1.00 (1)"],
        ["low", "envs", "0.62 (2)", "0.94 (1=)", "0.30 (2)"],
    ]


def test_rows_that_the_set_does_not_rank_come_last(read_table):
    _, lines = table(read_table, mine=rows(low=(0.62, 1, False)))
    assert [line[0] for line in lines] == ["low", "high", "partial", "odd&lt;"]
    assert lines[2][2:] == ["", "0.10 (3)", ""]


@pytest.mark.parametrize("sets", [{}, {"mine": []}])
def test_without_a_ranked_set_there_is_no_mean(read_table, sets):
    head, lines = table(read_table, **sets)
    assert head == ["Submission", "Access", "image", "text"]
    assert [line[0] for line in lines] == ["high", "low", "partial", "odd&lt;"]
