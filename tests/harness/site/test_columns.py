from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.site.boards import board_view


def columns_of(material, name):
    return {column.key: column for column in board_view(material, name).columns}


def test_a_board_has_a_column_per_channel_beside_the_ideal_observer(tiny):
    columns = columns_of(tiny, "small-image")
    row = tiny.board.tasks["small-image"].rows[0]
    cell = columns["reliance/color"].cell(row)
    assert cell.sort == row.by_channel["reliance"]["color"]
    assert float(columns["reliance/color"].ideal.plain) >= 0
    assert columns[RANKED_BY].cell(row).plain == row.ranked_by.text()


def test_a_metric_that_no_row_has_is_left_out(tiny, many):
    assert "core_use" not in columns_of(tiny, "small-image")
    assert "core_use" in columns_of(many, "pair-image")


def test_a_set_shows_means_over_its_tasks(tiny):
    view = board_view(tiny, "both")
    assert view.modality == "several"
    line = next(line for line in view.lines if line.row.submission == "erm")
    of_tasks = [columns_of(tiny, name)["reliance/color"] for name in ("small-image", "small-text")]
    rows = [next(r for r in tiny.board.tasks[n].rows if r.submission == "erm") for n in ("small-image", "small-text")]
    mean = sum(column.cell(row).sort for column, row in zip(of_tasks, rows, strict=True)) / 2
    shown = {column.key: column for column in view.columns}["reliance/color"].cell(line.row)
    assert abs(shown.sort - mean) < 1e-9


def test_tiers_are_apart_and_rows_with_few_units_come_last(tiny):
    view = board_view(tiny, "small-image")
    assert [tier.access for tier in view.tiers] == ["none", "envs", "val_groups", "train_groups", "few"]
    assert [line.name for line in view.tiers[-1].lines] == ["short"]
    assert [row.submission for row in view.unranked] == ["gone"]
