import re
from dataclasses import replace

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.generators import aligned_values, class_names
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.budgets import trained_in_words
from spurgen.harness.site.build import build
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.row_page import row_page
from spurgen.harness.site.task_page import _train, _twins, task_page


@pytest.fixture(scope="module")
def shown(tiny):
    return task_page(tiny, Pictures(), Figures(), "small-image")


def test_twins_with_one_thing_changed_are_apart_from_controls(shown, tiny):
    base, *twins = [each.scene for each in shown["twins"]]
    assert [each.title for each in shown["twins"]] == ["base", "color", "background", "class"]
    for twin in twins:
        changed = [name for name in base.values if base.values[name] != twin.values[name]]
        assert len(changed) + (base.label != twin.label) == 1
    assert [each.title for each in shown["controls"]] == [
        "the rest redrawn", "all shortcuts agree", "all shortcuts redrawn",
    ]  # fmt: skip
    assert shown["controls"][0].about == "place, size, tilt, tone and noise redrawn; class and shortcuts kept"
    assert shown["controls"][0].scene.values == base.values
    assert {each.scene.label for each in shown["controls"]} == {base.label}
    agreeing, scenario = shown["controls"][1].scene, tiny.suite.tasks["small-image"].scenario
    label = class_names(scenario).index(base.label)
    assert all(aligned_values(scenario, name)[agreeing.values[name], label] for name in ("color", "background"))


def test_one_statistic_is_called_wga_on_every_page(tiny, shown):
    board = {row.submission: row for row in tiny.board.tasks["small-image"].rows}["erm"]
    line = next(line for line in shown["calibration"] if line.name == "ERM")
    assert line.metrics["wga_corrected"] == pytest.approx(board.value("wga_corrected"))
    assert board.value("wga_corrected") != pytest.approx(board.value("wga"), abs=0.005)
    units = row_page(tiny, Pictures(), "erm")["parts"][0].units
    assert sum(unit.metrics["WGA"] for unit in units) / len(units) == pytest.approx(board.value("wga_corrected"))


def test_the_raw_statistic_of_selection_rules_says_so(tiny):
    page = build(tiny)["rows/erm.html"].decode()
    table = re.search(r"<caption>Weights by selection rule.*?</table>", page, re.DOTALL)[0]
    assert ">WGA (raw)<" in table
    assert "WGA (raw): worst-group accuracy without the correction" in page


def test_erms_robust_accuracy_by_budget_is_told_where_it_was_measured(tiny, shown):
    assert shown["budgets"] == []
    (first, *_), more = tiny.rows["erm"]["small-image"].results, tiny.rows["resample"]["small-image"].results[0]
    longer = first.report.model_copy(update={"curves": first.report.curves * 2})
    results = [
        first, first.model_copy(update={"metrics": first.metrics | {"robust_accuracy": 0.25}}),
        first.model_copy(
            update={"options": {"epochs": 6}, "report": longer, "metrics": first.metrics | {"robust_accuracy": 0.75}}
        ),
        first.model_copy(update={"options": {"lr": 1.0}}), first.model_copy(update={"uncorrelated": True}), more,
    ]  # fmt: skip
    entries = {str(k): {"small-image": TaskRow((result,))} for k, result in enumerate(results)}
    page = task_page(replace(tiny, entries=entries), Pictures(), Figures(), "small-image")
    epochs = len(first.report.curves)
    mean = (first.metrics["robust_accuracy"] + 0.25) / 2
    assert page["budgets"] == [(epochs, pytest.approx(mean)), (2 * epochs, 0.75)]


def test_more_epochs_are_said_of_erm_where_they_were_measured(tiny):
    (first, *_) = tiny.rows["erm"]["small-image"].results
    longer = first.report.model_copy(update={"curves": first.report.curves * 2})
    more = first.model_copy(
        update={"options": {"epochs": 6}, "report": longer, "metrics": first.metrics | {"robust_accuracy": 0.75}}
    )
    entries = {str(k): {"small-image": TaskRow((result,))} for k, result in enumerate((first, more))}
    said = trained_in_words(replace(tiny, entries=entries), ["small-image"])
    assert said.startswith(" It was trained for 3 epochs. By its number of epochs, on worlds that are not ranked, ")
    assert said.endswith(f"is {first.metrics['robust_accuracy']:.2f} with 3, 0.75 with 6.")
    for tasks in (["small-text"], ["small-image", "small-text"]):  # not all of them were measured
        assert trained_in_words(replace(tiny, entries=entries), tasks) == " It was trained for 3 epochs."


def test_nothing_is_said_of_epochs_that_results_do_not_report(tiny):
    part = tiny.rows["erm"]["small-image"]
    bare = TaskRow(tuple(result.model_copy(update={"report": None}) for result in part.results))
    assert trained_in_words(replace(tiny, rows={"erm": {"small-image": bare}}), ["small-image"]) == ""


def test_a_scene_is_named_by_what_it_shows():
    task = load_suite("v2").tasks["composite-image"].in_world(0)
    assert any(" / " in name for name in class_names(task.scenario))
    shown = [*_train(Pictures(), task), _twins(Pictures(), task)[0]]
    assert not [each for each in shown if " / " in each.title + each.about]


def test_words_of_the_calibration_table_are_explained(tiny):
    page = build(tiny)["tasks/small-image.html"].decode()
    assert ">Largest reliance</th>" in page
    assert "Largest reliance: that on the channel with most" in page


def test_all_rows_come_before_what_explains_the_task(tiny):
    page = build(tiny)["tasks/small-image.html"].decode()
    heads = re.findall(r"<h2[^>]*>([^<]+)</h2>", page)
    assert heads.index("All rows") + 1 == heads.index("Calibration") < heads.index("The ideal observer")


def test_worlds_whose_ideal_observers_are_alike_are_one_line(many):
    lines = task_page(many, Pictures(), Figures(), "pair-image")["ideals"]
    assert [name for name, *_ in lines] == ["all 3 worlds"]
    (one, ideal), *_ = many.ideals.items()
    changed = ideal.model_copy(update={"metrics": ideal.metrics | {"robust_accuracy": 0.5}})
    apart = replace(many)
    apart.__dict__["ideals"] = {**many.ideals, one: changed}
    assert len(task_page(apart, Pictures(), Figures(), "pair-image")["ideals"]) == 3
