from spurgen.harness.board.overview import overview_table


def part(**rows):
    """A task's or a set's rows, from (WGA, rank, tied)."""
    return {
        "rows": [
            {"submission": name, "access": "envs", "wga": wga, "rank": rank, "tied": tied}
            for name, (wga, rank, tied) in rows.items()
        ]
    }


def lines_of(table):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if ":-" not in line]


TASKS = {
    "image": part(high=(0.949, 1, True), low=(0.944, 1, True), partial=(0.1, 3, False)),
    "text": part(low=(0.3, 2, False), high=(1.0, 1, False), **{"odd<": (0.2, 4, False)}),
    "empty": part(),
}


def test_a_line_has_the_mean_and_every_task_with_the_rank():
    overall = {"mine": part(high=(0.97, 1, False), low=(0.62, 2, False)), "other": part(low=(0.6, 1, False))}
    head, *lines = lines_of(overview_table({"tasks": TASKS, "overall": overall}))
    assert head == ["Submission", "Access", "Mean, mine", "image", "text"]
    assert lines[:2] == [
        ["high", "envs", "0.97 (1)", "0.95 (1=)", "1.00 (1)"],
        ["low", "envs", "0.62 (2)", "0.94 (1=)", "0.30 (2)"],
    ]


def test_whom_the_set_does_not_rank_stands_below_by_mean_rank():
    _, *lines = lines_of(overview_table({"tasks": TASKS, "overall": {"mine": part(low=(0.62, 1, False))}}))
    assert [line[0] for line in lines] == ["low", "high", "partial", "odd&lt;"]
    assert lines[2][2:] == ["", "0.10 (3)", ""]


def test_without_a_ranked_set_there_is_no_mean():
    for overall in ({}, {"mine": part()}):
        head, *lines = lines_of(overview_table({"tasks": TASKS, "overall": overall}))
        assert head == ["Submission", "Access", "image", "text"]
        assert [line[0] for line in lines] == ["high", "low", "partial", "odd&lt;"]
