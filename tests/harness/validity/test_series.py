"""Series of tasks that differ in strength alone."""

from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.scenario_tables import Environment
from spurgen.harness.validity.series import crossing, find_series, mean_strength


@pytest.fixture
def dose(toy):
    """Return a function that makes a task with one strength in all channels, and other fields of its scenario."""

    def make(name, strength, **fields):
        task = toy.task("dose-50-image")
        channels = {n: c.model_copy(update={"strength": strength}) for n, c in task.scenario.channels.items()}
        update = {"name": name, "seed": len(name), "channels": channels, **fields}
        return replace(task, name=name, scenario=task.scenario.model_copy(update=update))

    return make


def test_tasks_that_differ_in_strength_alone_are_one_series_by_ascending_strength(dose):
    tasks = {f"t{strength}": dose(f"t{strength}", strength) for strength in (0.9, 0.1, 0.5)}
    assert find_series(tasks) == [("", ["t0.1", "t0.5", "t0.9"], [0.1, 0.5, 0.9])]


def test_a_grid_has_a_series_per_core_named_by_what_its_scenarios_differ_in(dose):
    tasks = {
        f"{size}-{strength}": dose(f"{size}-{strength}", strength, core_size=size)
        for size in (0.6, 1.0, 1.4)
        for strength in (0.99, 0.9)
    }
    assert find_series(tasks) == [
        (f"core_size {size}", [f"{size}-0.9", f"{size}-0.99"], [0.9, 0.99]) for size in (0.6, 1.0, 1.4)
    ]


def test_modality_and_backbone_divide_series(dose):
    tasks = {name: dose(name, strength) for name, strength in (("a", 0.1), ("b", 0.5), ("c", 0.9))}
    tasks["b"] = replace(tasks["b"], modality="text")
    tasks["c"] = replace(tasks["c"], backbone="imagenet")
    assert [series.tasks for series in find_series(tasks)] == [["a"], ["b"], ["c"]]
    assert find_series(tasks)[1].name == "backbone scratch, modality text"


def test_the_strength_is_the_mean_over_channels_classes_and_environments_by_weight(dose):
    strong = Environment(name="strong", weight=3, strength={"color": 0.9, "background": 0.7})
    weak = Environment(name="weak", strength={"color": (0.1, 0.2, 0.3)})
    task = dose("t", 0.4, environments=(strong, weak))
    assert mean_strength(task) == pytest.approx((3 * 0.8 + (0.2 + 0.4) / 2) / 4)


@pytest.mark.parametrize(
    ("differences", "expected"),
    [((-1, 1), 0.5), ((-1, 3), 0.25), ((0, 1), 0.0), ((-2, -1), None), ((1, 2), None), ((1, -1), None)],
)
def test_the_crossing_is_interpolated_between_strengths(differences, expected):
    assert crossing([0.0, 1.0], np.array(differences, float)) == expected
    assert crossing([0.2, 0.4, 0.8], np.array([-1.0, -0.5, 0.5])) == pytest.approx(0.6)
