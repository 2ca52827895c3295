import numpy as np
import pytest

from spurgen.benchmark.worlds.things import GROUPED
from spurgen.generators.world import world_of
from spurgen.harness.board.rows import by_label, by_unit, group_sizes, groups_on_test, spread_of, unit_of
from spurgen.harness.statistics.units import fit_spread


def test_a_metric_that_a_result_lacks_is_none(suite, make_row):
    row = make_row(suite, 0.7)
    assert by_unit(row, "no_such") is None
    assert by_label({"a": row}, "no_such") == {}
    assert by_unit(row, "sss/color").tolist() == [row.results[0].channels["color"]["sss"]]


def test_a_row_needs_a_result_for_every_world_or_five_seeds(suite):
    task = suite.task("small-text")
    assert (unit_of(task), task.units_asked) == ("seed", 5)
    worlds = type(task)("t", task.scenario.model_copy(update={"worlds": 3}), "text")
    assert (unit_of(worlds), worlds.units_asked) == ("world", 3)


@pytest.mark.parametrize(
    ("metrics", "ends"),
    [
        (("robust_accuracy", "wga", "accuracy", "sss", "sss/color", "follows", "follows/color", "uses_thing"),
         (0.0, 1.0)),
        (("ig",), (-np.inf, np.inf)),
    ],
)  # fmt: skip
def test_intervals_of_a_metric_end_where_its_range_does(metrics, ends):
    values = {f"m{k}": np.array([0.5, 0.6, 0.7]) + 0.1 * k for k in range(3)}
    expected = fit_spread([values["m0"], values["m2"]], ends)
    for metric in metrics:
        assert spread_of(metric, values, {"m2", "m0", "absent"}) == expected, metric


def test_a_rungs_groups_are_the_same_in_every_world_and_its_metrics_those_of_its_results(ladder_suite, make_rung_row):
    task, row = ladder_suite.task("few-text-4"), make_rung_row(ladder_suite, 0.4)
    for world in range(3):
        made = [world_of(task.scenario.in_world(world)).factors(part).group_ids for part in GROUPED]
        assert np.array_equal(groups_on_test(task), np.concatenate(made))
    assert group_sizes(task).tolist() == [20] * 6
    for metric in ("robust_accuracy", "wga", "follows", "follows/wall"):
        assert by_unit(row, metric).tolist() == pytest.approx(row.metric(metric).tolist()), metric
