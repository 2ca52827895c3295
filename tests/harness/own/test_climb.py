import numpy as np
import pytest

from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.own import climb as climbing
from spurgen.harness.own.climb import (
    CEILING,
    EVERYTHING,
    FOLDS,
    GRID,
    MAJORITY,
    Answered,
    Samples,
    best_l2,
    check_methods,
    climb,
    folds_of,
    rungs_of,
    strengths,
    val_score,
)
from spurgen.harness.own.data import AGREES, MISLEADS, NEUTRAL


@pytest.fixture
def samples(scenes, read, encode):
    data = read(scenes)
    return Samples(encode(data), data.labels, data.values, data.splits, data.states, folds_of(data), 2, True)


@pytest.fixture
def here(monkeypatch):
    """Train in this process, with two strengths of l2."""
    monkeypatch.setattr(climbing, "GRID", (1e-2, 1e-5))
    monkeypatch.setattr(climbing.pool, "run", lambda work, jobs, _: ((job, work(job)) for job in jobs))


def test_rungs_are_nested_and_their_majority_stays(samples):
    rows = {m: samples.rows("train", m, 3) for m in (0, 2, 8, 24)}
    counter = {m: [k for k in each if samples.misleads[k]] for m, each in rows.items()}
    assert {m: len(each) for m, each in counter.items()} == {0: 0, 2: 2, 8: 8, 24: 24}
    assert set(counter[2]) < set(counter[8]) < set(counter[24])
    assert all({*rows[0]} <= {*each} for each in rows.values())
    assert np.bincount(samples.labels[counter[8]]).tolist() == [4, 4]  # classes take turns
    assert [*samples.rows("train", 8, 4)] != [*rows[8]]


def test_val_has_a_quarter_of_the_counterexamples_and_at_least_16(samples):
    found = [int(samples.misleads[samples.rows("val", m, 0)].sum()) for m in (0, 2, 8, 72, 400)]
    assert found == [0, 16, 16, 18, 20]  # there are no more
    assert len(samples.rows("val", EVERYTHING, 0)) == 80


def test_the_majority_is_bounded(samples, monkeypatch):
    monkeypatch.setitem(MAJORITY, "train", 50)
    assert len(samples.rows("train", 8, 0)) == 58


def test_rungs_end_with_all_counterexamples(scenes, read):
    assert rungs_of(read(scenes)) == (0, 2, 8, 24)
    assert rungs_of(read(scenes[~((scenes.kind == "animal") & (scenes.place == "shed"))])) == (0, 2, 8, 12)
    assert rungs_of(read(scenes.drop(index=range(2, 24)))) == (0, 2)


@pytest.mark.usefixtures("here")
def test_erm_follows_the_shortcut_until_it_has_counterexamples(scenes, read, encode):
    data, done = read(scenes), []
    folds = folds_of(data)
    answers = climb(data, encode(data), folds, ["erm", "subg"], rungs_of(data), (0, 1), None, done.append)
    assert len(answers) == len(done) == 2 * (4 * 2 + 1) + FOLDS  # once on everything, and the ceiling
    of_ceiling = [answers.pop(("erm", CEILING, fold)) for fold in range(FOLDS)]
    right = [each.predicted == data.labels[folds == fold] for fold, each in enumerate(of_ceiling)]
    assert np.concatenate(right).mean() > 0.95  # where the place says nothing, the kind is easy to see
    assert [*dict.fromkeys(name for name, *_ in answers)] == ["erm", "subg"]
    assert all(answers[name, m, 0].l2 == answers[name, m, 1].l2 in (1e-2, 1e-5) for name, m, _ in answers if m >= 0)
    test = data.inside("test")
    right = {key: (each.predicted == data.labels[test])[data.misleads[test]].mean() for key, each in answers.items()}
    assert right["erm", 0, 0] < 0.2
    assert right["erm", 24, 0] > right["erm", 2, 0]
    assert right["subg", 24, 0] > 0.85


@pytest.mark.usefixtures("here")
def test_a_method_that_fails_is_reported(scenes, read, encode, monkeypatch):
    def fail(*_):
        raise SubmissionError("erm: no")

    monkeypatch.setattr(climbing, "load_submission", lambda *_: climbing_submission(fail))
    data = read(scenes)
    answers = climb(data, encode(data), folds_of(data), ["erm"], (0,), (0,), None, lambda _: None)
    assert {each.error for each in answers.values()} == {"erm: no"}


def climbing_submission(fit):
    from spurgen.benchmark.contract import Submission

    return Submission("erm", "none", frozenset({"text"}), fit, fit, None, None)


@pytest.mark.parametrize(("name", "lacking"), [("irm", "environments"), ("contrastive", "twins")])
def test_methods_that_need_more_than_groups_are_refused(name, lacking):
    with pytest.raises(SubmissionError, match=f"{name} needs {lacking}, which your data lack"):
        check_methods(["erm", name])


def test_the_balanced_part_has_as_many_samples_that_agree_as_mislead_in_each_class(scenes, read):
    data = read(scenes)  # 84 counterexamples of all splits, 42 of each class
    folds = folds_of(data)
    for k in range(2):
        for state in (AGREES, MISLEADS):
            sizes = np.bincount(folds[(data.labels == k) & (data.states == state) & (folds >= 0)])
            assert sizes.tolist() == [9, 9, 8, 8, 8]
    few = read(scenes[(scenes.kind == "animal") == (scenes.place == "meadow")].iloc[:-1].assign(split=scenes.split))
    assert folds_of(few).max() == -1


def test_l2_is_chosen_where_the_shortcut_misleads():
    labels, states = np.array([0, 0, 0, 1, 1, 1, 0]), np.array([0, 0, 1, 0, 0, 1, NEUTRAL])
    follows = np.eye(2)[np.where(states == MISLEADS, 1 - labels, labels)]
    looks = np.eye(2)[np.where([0, 1, 0, 0, 1, 0, 1], 1 - labels, labels)]  # wrong more often, never where it misleads
    assert val_score(follows, labels, states)[0] == 0
    assert val_score(looks, labels, states)[0] == 0.5
    assert val_score(3 * looks, labels, states)[1] < val_score(looks, labels, states)[1]
    alone = states == AGREES  # as without counterexamples
    assert val_score(follows[alone], labels[alone], states[alone])[0] == 1


def test_one_strength_is_chosen_by_the_mean_over_draws_and_never_one_that_fails():
    scores = [[(0.5, -1.0), (0.9, -1.0), None], [(0.9, -1.0), (0.5, -0.5), (1.0, 0.0)]]
    draws = [[Answered(np.zeros(1), score=s) if s else Answered(None, error="no") for s in draw] for draw in scores]
    assert best_l2(draws) == 1
    assert strengths("erm") == strengths("group_dro") == GRID
    assert strengths("dfr") == (None,)
