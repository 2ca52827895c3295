from dataclasses import replace

from spurgen.harness.figures.from_run import run_sheet
from spurgen.harness.figures.kit import Kit, add_doses, figure_kit


def names(kit):
    return [item.name for item in kit.items]


def test_a_figure_of_all_tasks_and_three_of_each(mains):
    kit = figure_kit(mains)
    of_each = [f"{what}-{sheet.name}" for sheet in mains for what in ("reliance", "patterns", "curves")]
    assert names(kit) == ["estimates", *of_each]
    assert all("n = 3 worlds" in item.caption for item in kit.items)


def test_more_panels_than_a_page_holds_become_several_figures(mains, check_layout):
    entries = [replace(entry, label=f"{entry.label}-{k}") for k in range(8) for entry in mains[0].entries]
    many = [replace(mains[0], name=f"task-{k}", entries=entries) for k in range(7)]
    parts = [item for item in figure_kit(many).items if item.name.startswith("estimates")]
    assert [item.name for item in parts] == ["estimates-1", "estimates-2", "estimates-3"]
    shown = [check_layout(item.draw(columns)) for item in parts for columns in (1, 2)]
    assert [sum(f"task-{k}" in texts for texts in shown) for k in range(7)] == [2] * 7


def test_what_rows_lack_is_left_out_with_a_sentence(make_experiment):
    sheet = run_sheet(make_experiment({"erm": {}}))
    kit = figure_kit([sheet])
    assert names(kit) == ["estimates", "reliance-exp"]
    assert kit.left_out == [
        "exp: SSS by channel instead of reliance, which no row has",
        "exp: no heat map, since no row has accuracies by alignment pattern",
        "exp: no learning curves of any row: not reported",
    ]
    bare = replace(sheet, entries=[replace(entry, channels={}) for entry in sheet.entries])
    assert "exp: no figure of reliance, since no row has metrics by channel" in figure_kit([bare]).left_out


def test_rows_without_curves_are_named(mains):
    one = replace(mains[0].entries[0], curves={}, label="silent")
    kit = figure_kit([replace(mains[0], entries=[one, *mains[0].entries])])
    (sentence,) = [line for line in kit.left_out if "curves" in line]
    assert sentence.startswith("main-image: no learning curves of silent,")


def test_series_of_several_dials_make_surfaces(toy, sheets):
    kit = Kit()
    add_doses(kit, toy, sheets)
    assert names(kit) == ["availability-robust_accuracy", "availability-reliance"]
    assert "core size (rows; 1: a radius of 19 % of the image's side)" in kit.items[0].caption


def test_one_series_makes_a_dose_response_and_tasks_without_rows_are_named(toy, sheets):
    kit = Kit()
    add_doses(kit, toy, {name: sheets[name] for name in ("dial-0.8-0.5", "dial-0.8-0.9")})
    assert names(kit) == ["dose"]
    assert kit.left_out == ["dose response: no rows of dial-1.3-0.5, dial-1.3-0.9"]
    kit = Kit()
    add_doses(kit, toy, {})
    assert kit.items == []


def without(entry, metric):
    return replace(entry, estimates={name: each for name, each in entry.estimates.items() if name != metric})


def test_a_row_without_a_metric_on_one_task_is_left_out_of_its_panel_alone(toy, sheets):
    lacking = {name: sheets[name] for name in ("dial-0.8-0.5", "dial-0.8-0.9")}
    part = sheets["dial-0.8-0.9"]
    lacking["dial-0.8-0.9"] = replace(
        part, entries=[without(e, "reliance") if e.label == "jtt" else e for e in part.entries]
    )
    kit = Kit()
    add_doses(kit, toy, lacking)
    assert "dose: no reliance of jtt: not on all tasks" in kit.left_out
    robust, reliance = ({line.get_label() for line in axes.lines} for axes in kit.items[0].draw(2).axes)
    assert robust - reliance == {"jtt"}
    lacking["dial-0.8-0.9"] = replace(part, entries=[without(e, "reliance") for e in part.entries])
    kit = Kit()
    add_doses(kit, toy, lacking)
    assert kit.items[0].caption.startswith("Robust accuracy against the strength of the correlation: means over")
    assert len(kit.items[0].draw(2).axes) == 1


def test_metrics_and_rows_that_are_not_on_all_tasks_are_named(toy, sheets):
    lacking = dict(sheets)
    part = sheets["dial-0.8-0.5"]
    fewer = [replace(e, estimates={"robust_accuracy": e.estimates["robust_accuracy"]}) for e in part.entries[1:]]
    lacking["dial-0.8-0.5"] = replace(part, entries=fewer)
    kit = Kit()
    add_doses(kit, toy, lacking)
    assert names(kit) == ["availability-robust_accuracy"]
    assert kit.left_out == [
        f"availability: without {part.entries[0].label}: not on all tasks of the series",
        "availability: no surface of reliance, which no row has on all tasks",
    ]
