from spurgen.harness.plots.dose import Dose, chosen, dose_item
from spurgen.harness.validity.series import find_series


def series_of(toy, drawn):
    found = find_series(toy.tasks_with("dose"))
    return [Dose(each.name, each.strengths, [drawn[name] for name in each.tasks]) for each in found]


def test_all_dose_tasks_are_one_figure_with_a_line_per_method(toy, drawn, check_layout):
    item = dose_item(series_of(toy, drawn), {"jtt": "Just train twice"}, 2)
    assert item.name == "dose"
    assert len(item.caption.split()) <= 40
    figure = item.draw()
    texts = check_layout(figure)
    assert {"core size 0.8", "core size 1.3", "robust accuracy", "reliance"} <= {*texts}
    assert {"erm", "mixup", "Just train twice", "group_dro", "ideal observer"} <= {*texts}
    panels = figure.axes
    assert len(panels) == 4
    assert [line.get_xdata().tolist() for line in panels[0].lines] == [[0.5, 0.9]] * 5


def test_with_little_room_erm_and_the_best_of_each_tier_are_drawn(toy, drawn):
    boards = [board for dose in series_of(toy, drawn) for board in dose.boards]
    assert [row.label for row in chosen(boards, {}, most=3)] == ["erm", "jtt", "group_dro"]
    assert [row.label for row in chosen(boards, {}, most=2)] == ["erm", "group_dro"]


def test_a_series_without_a_common_row_has_no_figure(toy, drawn):
    (first, *_) = series_of(toy, drawn)
    alone = [first.boards[0]._replace(lines=[]), *first.boards[1:]]
    assert dose_item([first._replace(boards=alone)], {}, 2) is None
    assert dose_item([], {}, 2) is None
