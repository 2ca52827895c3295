import numpy as np
import pytest

from spurgen.generators import sample
from spurgen.harness.validity.questions import deciding_pattern


@pytest.fixture
def examined(make_outcomes, gathered):
    """Return a function that examines rows of one task: label -> keyword arguments of `make_outcomes`."""

    def examine(**rows):
        made = {label: {"signs-image": make_outcomes(label, **arguments)} for label, arguments in rows.items()}
        return deciding_pattern.examine(gathered(made))

    return examine


def test_the_mean_over_patterns_and_the_lowest_where_one_conflicts(examined, line):
    task = line(examined(erm={"wga": 0.4}), task="signs-image")
    patterns = (1, 1, 0.4, 0.4)  # aligned, color, background, both conflict
    assert task["erm_mean_of_patterns"] == pytest.approx(sum(patterns) / 4)
    assert task["erm_one_conflicts"] == pytest.approx(0.4)
    assert (task["results"], task["decides"], task["erm_balanced_probe"]) == (5, 1.0, None)


def test_where_another_pattern_is_lower_the_last_does_not_decide(examined, line):
    task = line(examined(erm={"wga": 1.0, "aligned": 0.5, "seeds": 1}), task="signs-image")
    assert (task["results"], task["decides"]) == (1, 0.0)


def test_training_samples_that_conflict_are_counted(examined, line, toy):
    task = line(examined(a={"wga": 0.5}), task="signs-image")
    train = sample(toy.task("signs-image").scenario, "train", range(9), images=False, captions=False)
    groups = np.bincount(train.group_ids, minlength=12).reshape(3, 4)
    assert task["in_train_fewest"] == task["in_train_most"] == groups[:, 3].sum()
    assert task["empty_groups_fewest"] == task["empty_groups_most"] == (groups == 0).sum()
    assert 0 < task["empty_groups_most"] < task["groups"] == 12


def test_the_share_of_variance_that_goes_with_reliance(examined, line):
    levels = {"a": 0.2, "b": 0.3, "c": 0.5, "d": 0.6, "erm": 0.9}

    def share(total):
        rows = {label: {"wga": wga, "leans": (total(wga) / 2, total(wga) / 2)} for label, wga in levels.items()}
        return line(examined(**rows), task="signs-image").get("share_reliance_total")

    assert share(lambda wga: 1 - wga / 2) == pytest.approx(1)
    assert share(lambda wga: abs(wga - 0.5)) < 0.5
    assert share(lambda _: 0.4) is None


def test_without_ranked_rows_it_says_what_is_missing(gathered):
    answer = deciding_pattern.examine(gathered({}))
    assert (answer.tables, answer.summary) == ({"Patterns": []}, "")
    assert answer.missing[0].startswith("signs-image, signs-text: no ranked row; `")
