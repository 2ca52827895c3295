from dataclasses import replace

from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.machine.printing import MINUS
from spurgen.harness.site.boards import board_view
from spurgen.harness.site.build import build


def columns_of(material, name):
    return {column.key: column for column in board_view(material, name).columns}


def test_a_board_has_a_column_per_channel_beside_the_ideal_observer(tiny):
    columns = columns_of(tiny, "small-image")
    row = tiny.board.tasks["small-image"].rows[0]
    cell = columns["reliance/color"].cell(row)
    assert cell.raw == row.by_channel["reliance"]["color"]
    assert columns["reliance/color"].ideal.raw >= 0
    assert columns[RANKED_BY].cell(row).value == " ".join(
        f"{each:.6g}" for each in (row.ranked_by.value, *row.ranked_by.ends)
    )


def test_robust_accuracy_and_reliance_come_first(tiny, many):
    assert list(columns_of(many, "pair-image"))[:4] == [
        RANKED_BY,
        *(f"reliance/{n}" for n in ("color", "background", "shape")),
    ]
    assert list(columns_of(tiny, "small-text"))[:2] == [RANKED_BY, "reliance/color"]


def test_an_interval_stands_as_text_below_its_number(tiny):
    row, columns = tiny.board.tasks["small-image"].rows[0], columns_of(tiny, "small-image")
    cell = columns[RANKED_BY].cell(row)
    assert f'<small class="ci">{cell.low:.3f} to {cell.high:.3f}</small>' in cell.content.replace(MINUS, "-")
    alike = columns["reliance/color"].cell(row)  # in all worlds of all rows, so there is no interval
    assert "<small" not in alike.content


def test_ranks_and_letters_say_that_they_hold_within_an_access_tier(tiny):
    columns = columns_of(tiny, "small-image")
    row = next(row for row in tiny.board.tasks["small-image"].rows if row.submission == "vrex")
    assert columns["rank"].cell(row).content == ""  # alone in its tier
    assert (columns["rank"].cell(row).raw, row.of) == (1, 1)
    other = next(row for row in tiny.board.tasks["small-image"].rows if row.submission == "group_dro")
    assert columns["rank"].cell(other).content.endswith(" of 2")
    assert columns["letters"].title == "Letter"
    assert all("access tier" in columns[key].about for key in ("rank", "letters"))


def test_a_difference_has_its_verdict_apart(tiny):
    row = next(row for row in tiny.board.tasks["small-image"].rows if row.submission == "group_dro")
    cell = columns_of(tiny, "small-image")["to_erm"].cell(row)
    assert cell.verdict == row.against_erm.verdict == "better"
    assert (cell.raw, cell.low, cell.high) == (row.against_erm.difference, *row.against_erm.interval)
    assert "better</b>" in cell.content


def test_a_zero_has_no_sign(tiny):
    row = next(row for row in tiny.board.tasks["small-image"].rows if row.submission == "dfr")
    tied = replace(row, against_erm=replace(row.against_erm, difference=-0.0001, interval=None))
    assert "<b>0.000" in columns_of(tiny, "small-image")["to_erm"].cell(tied).content


def test_all_reliances_of_a_site_are_drawn_on_one_scale_that_boards_state(tiny):
    scale = tiny.reliance_scale
    assert {board_view(tiny, name).reliance_scale for name in (*tiny.board.tasks, "both")} == {scale}
    ends = [row.estimates["reliance"].ends[1] for part in tiny.board.tasks.values() for row in part.rows]
    assert max(ends) <= scale or scale == 1.0
    assert f"0 to {scale:g}" in columns_of(tiny, "small-text")["reliance/color"].about


def test_channels_that_are_hidden_from_training_say_so(many, tiny):
    hints = {key: column.hint for key, column in columns_of(many, "pair-image").items() if column.hint}
    assert hints == {"reliance/background": "hidden"}
    assert not any(column.hint for column in columns_of(tiny, "both").values())
    page = build(many)["tasks/pair-image.html"].decode()
    assert ">background<br><small>hidden</small></th>" in page


def test_bars_are_short_where_a_board_has_many_channels(tiny, many):
    view = board_view(many, "pair-image")
    more = [replace(column, key=f"more-{k}") for k, column in enumerate(view.columns) if column.group]
    assert not view.is_wide
    assert not board_view(tiny, "small-image").is_wide
    assert replace(view, columns=[*view.columns, *more]).is_wide


def test_a_metric_that_no_row_has_is_left_out(tiny, many):
    assert "core_use" not in columns_of(tiny, "small-image")
    assert "core_use" in columns_of(many, "pair-image")


def test_a_set_shows_means_over_its_tasks(tiny):
    view = board_view(tiny, "both")
    assert view.modality == "several"
    line = next(line for line in view.lines if line.row.submission == "erm")
    of_tasks = [columns_of(tiny, name)["reliance/color"] for name in ("small-image", "small-text")]
    rows = [next(r for r in tiny.board.tasks[n].rows if r.submission == "erm") for n in ("small-image", "small-text")]
    mean = sum(column.cell(row).raw for column, row in zip(of_tasks, rows, strict=True)) / 2
    shown = {column.key: column for column in view.columns}["reliance/color"].cell(line.row)
    assert abs(shown.raw - mean) < 1e-9


def test_tiers_are_apart_and_rows_with_few_units_come_last(tiny):
    view = board_view(tiny, "small-image")
    assert [tier.access for tier in view.tiers] == ["none", "envs", "val_groups", "train_groups", "few"]
    assert [line.name for line in view.tiers[-1].lines] == ["short"]
    assert [row.submission for row in view.unranked] == ["gone"]
