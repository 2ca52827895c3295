import pytest

from spurgen.harness.board.formats import board_latex, latex_figure, latex_table, lines_latex

LINES = [
    {"submission": "best", "ranked": True, "first_rank": 1, "last_rank": 1, "robust_accuracy": 0.9, "to_erm": 0.4,
     "to_erm_verdict": "better"},
    {"submission": "erm_1", "ranked": True, "first_rank": 2, "last_rank": 2, "robust_accuracy": 0.5, "to_erm": -0.1},
]  # fmt: skip


def row_of(text, name):
    return next(line for line in text.splitlines() if line.startswith(name))


def test_the_rows_that_no_other_exceeds_are_bold(typeset):
    text = lines_latex([("Access: none", LINES)], "name", "A caption.")
    assert row_of(text, "best") == r"best & \textbf{0.900} & +0.400 better \\"
    assert row_of(text, r"erm\_1") == r"erm\_1 & 0.500 & $-$0.100 \\"
    assert typeset(text) == []


def test_where_all_are_tied_and_where_none_is_ranked_nothing_is_bold():
    tied = [line | {"first_rank": 1, "last_rank": 2} for line in LINES]
    loose = [{"submission": "few", "ranked": False, "robust_accuracy": 0.99}]
    assert "textbf" not in lines_latex([("Access: none", tied), ("Fewer", loose)], "name", "A caption.")


def test_a_narrow_table_has_fewer_columns_over_one_column():
    lines = [line | {"ig": -1.0} for line in LINES]
    wide, narrow = (lines_latex([("Access: none", lines)], "name", "A caption.", columns) for columns in (2, 1))
    assert r"\begin{table*}" in wide
    assert "& IG &" in wide
    assert r"\begin{table}" in narrow
    assert "IG" not in narrow


@pytest.mark.parametrize("name", ["&%$#_{}~^\\", "[x] | <y>", "漢\n字"])
def test_strangers_names_and_captions_are_text(typeset, name):
    text = lines_latex([(name, [LINES[0] | {"submission": name}])], "name", name)
    assert typeset(text) == []


def test_cells_are_latex_and_all_else_is_plain_text_and_a_figure_is_named_by_its_file():
    text = latex_table(["a_b"], [("c_d", [[r"\textbf{1}"]])], "50 %", "tab:x", 1)
    for part in (r"a\_b \\", r"\emph{c\_d}", r"\textbf{1} \\", r"\caption{50 \%}"):
        assert part in text
    assert r"\includegraphics{dose}" in latex_figure("dose", "A caption.", 2)
    assert latex_figure("dose", "A caption.", 1).startswith(r"\begin{figure}[t]")


def test_a_ladders_table_has_its_columns_and_fits_the_page(ladder_board, typeset):
    part = ladder_board.overall["few-text"]
    wide, narrow = (board_latex(part, "ladder", "A caption.", columns) for columns in (2, 1))
    assert "Accuracy if misled & Counterexamples & Follows & WGA & SSS & IG & To ERM" in wide
    assert r" & \textbf{" in wide or all((row["first_rank"], row["last_rank"]) != (1, 1) for row in part.rows)
    assert "Counterexamples" in narrow
    assert r"\emph{Access: val\_groups}" in wide
    assert r"\label{tab:spurgen-ladder}" in wide
    assert typeset(wide + narrow) == []
