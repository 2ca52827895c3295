import pytest

from spurgen.harness.figures.latex import Section, Table, bold, escaped, figure, stacked, stacked_words


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("group_dro", r"group\_dro"),
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("$&%#~^", r"\$\&\%\#\textasciitilde{}\textasciicircum{}"),
        ("> <|`", r"\textgreater{} \textless{}\textbar{}\textasciigrave{}"),
        ("[a]*", "{[}a]{*}"),
        ("a\n\\\\b\x1b漢é", r"a \textbackslash{}\textbackslash{}b??é"),
        ("95 % of", r"95\,\% of"),
    ],
)
def test_text_is_printed_as_text(text, latex):
    assert escaped(text) == latex


@pytest.mark.parametrize(("columns", "environment"), [(1, "table"), (2, "table*")])
def test_a_table_has_balanced_environments_and_as_many_cells_in_every_row(columns, environment):
    text = Table(["a", "b"], [Section("one", [["x", "1"], ["y", bold("2")]])], "50 % & more", "tab:x", columns).text
    assert balanced(text)
    assert rf"\begin{{{environment}}}[t]" in text
    assert r"\caption{50\,\% \& more}" in text
    body = text.partition(r"\toprule")[2].partition(r"\bottomrule")[0]
    rows = [line for line in body.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
    assert [row.count(" & ") for row in rows] == [1, 1, 1]
    assert r"\multicolumn{2}{l}{\emph{one}} \\" in text
    assert r"y & \textbf{2} \\" in text


def test_long_headings_break_at_spaces_and_hyphens():
    assert stacked_words("composite-multi_x") == r"\shortstack[r]{composite-\\multi\_x}"
    assert stacked_words("color") == "color"
    assert stacked("1") == "1"


def test_whether_a_table_fits_goes_by_the_longest_line_of_its_cells():
    def fits(cell):
        return Table(["a", "b"], [Section("one", [["x", cell]])], "", "tab:x", 1).fits

    assert fits("0" * 40)
    assert not fits("0" * 60)
    assert fits(stacked("0" * 40, "1" * 40))
    assert not Table(["a", "b"], [Section("one", [["x", "1"]] * 80)], "", "tab:x", 1).fits  # higher than a page
    assert fits(bold("0" * 40) + r"\textbar{}$^{\dagger}$")


@pytest.mark.parametrize(("columns", "environment"), [(1, "figure"), (2, "figure*")])
def test_a_figure_has_its_file_caption_and_label(columns, environment):
    text = figure("curves-a", "a_b", columns)
    assert balanced(text)
    assert rf"\end{{{environment}}}" in text
    assert r"\includegraphics{curves-a}" in text
    assert r"\caption{a\_b}" in text
    assert r"\label{fig:spurgen-curves-a}" in text


def balanced(text):
    """Return whether environments are closed in the order in which they were opened, and braces match."""
    import re

    opened = []
    for kind, name in re.findall(r"\\(begin|end)\{([a-z*]+)\}", text):
        if kind == "begin":
            opened.append(name)
        elif not opened or opened.pop() != name:
            return False
    bare = re.sub(r"\\[{}]", "", text)
    depth = 0
    for brace in re.findall(r"[{}]", bare):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return not opened and depth == 0
