import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from spurgen.harness.machine.printing import FORMULAS, as_cell, as_latex, as_markdown, one_line

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])  # as GitHub reads it


def test_no_escape_sequence_reaches_a_terminal():
    assert one_line("a\x1b[2J\nb") == "a?[2J b"
    assert as_markdown("a\x1b[2J\nb") == "a?\\[2J b"


def test_invisible_and_reordering_characters_are_replaced():
    assert one_line("a\u202eb\x1b[31m\nc\u200b") == "a?b?[31m c?"


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
