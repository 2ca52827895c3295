from spurgen.harness.site.latex import to_latex


def test_every_board_is_a_table_with_its_rows(tiny):
    text = to_latex(tiny.board)
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 4
    assert r"train\_groups & group\_dro & 1" in text
    assert r"onerror" in text
