import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from spurgen.harness.machine.printing import (
    FORMULAS,
    and_list,
    as_cell,
    as_latex,
    as_markdown,
    listed,
    markdown_table,
    one_line,
    p_equals,
    p_text,
    say,
)


def test_lines_are_neither_wrapped_nor_read_as_markup():
    console = Console(file=io.StringIO(), width=10)
    say(console, "runs/[red]/a-long-name.csv", "red")
    assert console.file.getvalue() == "runs/[red]/a-long-name.csv\n"


def test_tables_show_numbers_as_they_are_written():
    table = markdown_table([{"Row": "erm", "WGA": "0.10"}, {"Row": "dfr", "WGA": "0.2"}])
    assert [line.split("|")[2].strip() for line in table.splitlines()[2:]] == ["0.10", "0.2"]


def test_lists_in_sentences():
    assert [and_list(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert and_list(["a", "b", "c"], "or") == "a, b or c"


@pytest.mark.parametrize(
    ("p_value", "shown", "said"),
    [(None, "-", "not tested"), (0.0, "< 1e-4", "p < 1e-4"), (6.5e-21, "< 1e-4", "p < 1e-4"),
     (9.9e-5, "< 1e-4", "p < 1e-4"), (1e-4, "0.0001", "p = 0.0001"), (0.0204, "0.020", "p = 0.020"),
     (1.0, "1.000", "p = 1.000")],
)  # fmt: skip
def test_a_p_value_is_never_printed_as_zero(p_value, shown, said):
    assert (p_text(p_value), p_equals(p_value)) == (shown, said)


def test_of_many_names_the_first_are_listed():
    assert listed("abc", 3) == "a, b, c"
    assert listed("abcd", 2, "; ") == "a; b; and 2 more"
    assert listed("") == ""


def test_the_cells_of_a_table_move_no_cursor():
    assert "\n".join(markdown_table([{"a\x1b": "b\nc"}]).splitlines()[::2]) == "| a?   |\n| b c  |"


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])  # as GitHub reads it


def test_escape_sequences_and_invisible_and_reordering_characters_are_replaced():
    assert one_line("a\u202eb\x1b[31m\nc\u200b") == "a?b?[31m c?"
    assert as_markdown("a\x1b[2J\nb") == "a?\\[2J b"


def test_names_of_methods_stay_as_they_are():
    name = "group_dro-lr=1e-3+a.b_c"
    assert one_line(name) == as_markdown(name) == as_cell(name) == name


@pytest.mark.parametrize("first", FORMULAS)
def test_a_spreadsheet_runs_no_text_as_a_formula(first):
    assert as_cell(f"{first}cmd\r|x") == f"'{first}cmd |x".replace("\r", " ")


def test_latex_prints_text_as_text():
    assert as_latex(r"a_b & 5 % $x$ \input{x} ~^#") == (
        r"a\_b \& 5 \% \$x\$ \textbackslash{}input\{x\} \textasciitilde{}\textasciicircum{}\#"
    )
    assert as_latex("\u4e00[1]*") == "?{[}1]{*}"


def in_a_cell(text):
    """Return what Markdown shows in the cell of a table that has a text."""
    tokens = MARKDOWN.parse(f"| x | y |\n|---|---|\n| {as_markdown(text)} | z |\n")
    first, last = [token for token in tokens if token.type == "inline"][2:]
    assert last.content == "z"
    return plain(first)


def plain(token):
    """Return the text of an inline token; fail if it has anything else."""
    assert {child.type for child in token.children} <= {"text", "text_special"}
    return "".join(child.content for child in token.children)


@pytest.mark.parametrize(
    "text", ["\\[click](http://evil.example)", "a\\|b", "*a* **b** _c_ __d__ ~e~ ~~f~~", "!\\[x](y)", "\\`a`\\", "a\\"]
)
def test_markup_in_a_name_or_reason_is_shown_and_has_no_effect(text):
    assert in_a_cell(text) == text.replace("`", "'")


@given(st.text("\\[]()!*_~|`<>&a1 ;#\u2014", min_size=1).map(str.strip).filter(bool))
def test_no_text_has_an_effect_in_markdown(text):
    assert in_a_cell(text) == " ".join(text.split()).replace("`", "'")
