import numpy as np
import pytest

from spurgen.harness.validity.questions import reliability

LEVELS = [0.05 + 0.09 * k for k in range(10)]
NAMES = "abcdefghij"


@pytest.fixture
def examined(make_outcomes, gathered):
    """Return a function that examines rows: task -> robust accuracies of the first methods of `NAMES`."""

    def examine(**tasks):
        rows = {}
        for task, levels in tasks.items():
            name = task.replace("_", "-")
            for label, wga in zip(NAMES, levels, strict=False):
                rows.setdefault(label, {})[name] = make_outcomes(label, name, wga)
        return reliability.examine(gathered(rows))

    return examine


def test_rows_far_apart_have_one_order_in_all_units(examined, line):
    units = line(examined(signs_image=LEVELS), task="signs-image")
    assert [units[key] for key in ("unit", "units", "methods")] == ["seed", 5, 10]
    assert (units["rho"], units["lowest"]) == (pytest.approx(1), pytest.approx(1))


def test_equal_rows_are_ordered_by_chance(examined, line):
    units = line(examined(signs_image=[0.5] * 10), task="signs-image")
    assert abs(units["rho"]) < 0.3
    assert units["lowest"] < 0


def test_tasks_that_order_methods_alike_or_the_other_way_round(examined, line):
    alike = line(examined(signs_image=LEVELS, signs_text=LEVELS), first="signs-image", second="signs-text")
    assert (alike["methods"], alike["rho"]) == (10, pytest.approx(1))
    answer = examined(signs_image=LEVELS, signs_text=LEVELS[::-1])
    assert line(answer, first="signs-image")["rho"] == pytest.approx(-1)
    assert "Between tasks: -1.00, within access tiers -1.00 (signs-image - signs-text)." in answer.summary


def test_few_methods_are_not_compared_between_tasks(examined):
    answer = examined(signs_image=LEVELS[:9], signs_text=LEVELS[:9])
    assert [len(table) for table in answer.tables.values()] == [2, 0]
    answer = examined(signs_image=LEVELS[:4], signs_text=LEVELS[:4])
    assert (answer.summary, [*answer.tables.values()]) == ("", [[], []])
    assert answer.missing[0].startswith("signs-image, signs-text: fewer than five ranked rows; `")


def test_units_in_which_all_methods_tie_do_not_count(examined, monkeypatch):
    monkeypatch.setattr(reliability, "spearman", lambda *_: np.float64(np.nan))
    answer = examined(signs_image=LEVELS)
    assert answer.summary == "Spearman's rho between two worlds or seeds: - (lowest -)."
