import pytest

from spurgen.harness.board.columns import COLUMNS
from spurgen.harness.site.material import IDEAL
from spurgen.harness.site.tables import board_table, of_patterns


def rows_of(table):
    return {row.label: row for block in table.blocks for row in block.rows}


def test_a_cell_has_the_boards_text_and_the_raw_number(tiny):
    table = board_table(tiny, "small-image")
    row = next(row for row in tiny.board.tasks["small-image"].rows if row.submission == "dfr")
    place = list(table.columns).index("robust_accuracy") - 1
    cell = rows_of(table)["dfr"].cells[place]
    low, high = row.ranked_by.ends
    assert cell.text == f"{row.ranked_by.value:.3f}"
    assert cell.interval == f"[{low:.3f}, {high:.3f}]"
    assert float(cell.raw) == pytest.approx(row.ranked_by.value, rel=1e-7)
    assert "<circle" in cell.mark


def test_columns_are_those_of_all_formats_that_some_row_fills(tiny):
    table = board_table(tiny, "both")
    assert next(iter(table.columns)) == "submission"
    assert table.columns.keys() <= COLUMNS.keys()
    assert "private_gap" not in table.columns
    assert set(table.spare) < table.columns.keys()
    assert all(len(row.cells) == len(table.columns) - 1 for row in rows_of(table).values())
    assert len(table.ideal.cells) == len(table.columns) - 1


def test_blocks_are_access_tiers_then_rows_with_few_units_and_last_those_that_are_not_ranked(tiny):
    table = board_table(tiny, "small-image")
    assert [block.access for block in table.blocks] == ["none", "envs", "val_groups", "train_groups", "none"]
    assert table.blocks[-1].title.startswith("Fewer than 5")
    assert [row.label for row in table.blocks[-1].rows] == ["short"]
    assert [(row.label, "failed" in reason) for row, reason in table.silent] == [("gone", True)]


def test_the_ideal_observer_of_a_set_is_the_mean_over_its_tasks(tiny):
    values = [tiny.ideal_line(name)["robust_accuracy"] for name in ("small-image", "small-text")]
    whole = tiny.ideal_line("both")
    assert whole["submission"] == IDEAL
    assert whole["robust_accuracy"] == pytest.approx(sum(values) / 2)
    assert whole["wga_corrected"] == tiny.ideal_line("both")["wga_corrected"]


def test_our_methods_have_their_full_names(tiny):
    rows = rows_of(board_table(tiny, "small-image"))
    assert rows["jtt"].full == "Just train twice"
    assert rows["short"].full == ""


def test_patterns_are_named_by_what_conflicts(many):
    line = next(line for line in many.lines["pair-image"] if line["submission"] == "erm")
    texts = of_patterns(many.suite.tasks["pair-image"], line)
    assert next(iter(texts)) == "nothing"
    assert list(texts)[-1] == "color, background, shape"
    assert texts["nothing"] == f"{line['patterns.aaa']:.2f}"
