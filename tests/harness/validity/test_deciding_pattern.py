import numpy as np
import pytest

from spurgen.generators import sample
from spurgen.harness.validity import deciding_pattern


@pytest.fixture
def examined(make_outcomes, gathered):
    """Return a function that examines rows of one task: label -> keyword arguments of `make_outcomes`."""

    def examine(**rows):
        made = {label: {"signs-image": make_outcomes(label, **arguments)} for label, arguments in rows.items()}
        return deciding_pattern.examine(gathered(made))

    return examine


def test_the_mean_over_patterns_and_the_lowest_where_one_conflicts(examined):
    task = examined(erm={"wga": 0.4}).tasks["signs-image"]
    assert task.mean_of_patterns == pytest.approx((1 + 1 + 0.4 + 0.4) / 4)  # aligned, color, background, both conflict
    assert task.one_conflict == pytest.approx(0.4)
    assert (task.results, task.decides, task.balanced_probe) == (5, 1.0, None)


def test_where_another_pattern_is_lower_the_last_does_not_decide(examined):
    task = examined(erm={"wga": 1.0, "aligned": 0.5, "seeds": 1}).tasks["signs-image"]
    assert (task.results, task.decides) == (1, 0.0)


def test_training_samples_that_conflict_are_counted(examined, toy):
    task = examined(a={"wga": 0.5}).tasks["signs-image"]
    train = sample(toy.task("signs-image").scenario, "train", range(9), images=False, captions=False)
    groups = np.bincount(train.group_ids, minlength=12).reshape(3, 4)
    assert task.in_train == (groups[:, 3].sum(),) * 2
    assert (task.groups, task.empty_groups) == (12, ((groups == 0).sum(),) * 2)
    assert 0 < task.empty_groups[0] < 12


def test_the_share_of_variance_that_goes_with_reliance(examined):
    levels = {"a": 0.2, "b": 0.3, "c": 0.5, "d": 0.6, "erm": 0.9}

    def with_reliance(total):
        rows = {label: {"wga": wga, "leans": (total(wga) / 2, total(wga) / 2)} for label, wga in levels.items()}
        return examined(**rows)

    section = with_reliance(lambda wga: 1 - wga / 2)
    assert section.tasks["signs-image"].shares == {"reliance_total": pytest.approx(1)}
    assert "| signs-image | -                      | -                       | 1.000" in section.tables()
    assert with_reliance(lambda wga: abs(wga - 0.5)).tasks["signs-image"].shares["reliance_total"] < 0.5
    assert with_reliance(lambda _: 0.4).tasks["signs-image"].shares == {}


def test_without_ranked_rows_it_says_what_is_missing(gathered):
    section = deciding_pattern.examine(gathered({}))
    assert (section.tasks, section.summary()) == ({}, "")
    assert section.missing[0].startswith("signs-image, signs-text: no ranked row; `")
