import io

import pytest
from rich.console import Console

from spurgen.harness.machine.printing import (
    and_list,
    listed,
    markdown_table,
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
