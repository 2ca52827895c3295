import numpy as np
import pytest

from spurgen.baselines.erm import submission as erm
from spurgen.benchmark.errors import SubmissionError
from spurgen.generators.collections.world import AGREES, MISLEADS, NEUTRAL
from spurgen.harness.own import climb as climbing
from spurgen.harness.own.climb import CEILING, GRID, Answered, best_l2, check_methods, climb, strengths, val_score
from spurgen.harness.own.collection import FOLDS, collection_of, folds_of


@pytest.fixture
def climbed(scenes, read, encode, tmp_path, monkeypatch):
    """Return a function that trains methods in this process, with two strengths of l2, and the data."""
    monkeypatch.setattr(climbing, "GRID", (1e-2, 1e-5))
    monkeypatch.setattr(climbing.pool, "run", lambda work, jobs, _: ((job, work(job)) for job in jobs))
    data, done = read(scenes), []

    def run(*methods):
        ladder, folds = collection_of(data, encode(data), 2, tmp_path / "samples.npz")
        answers = climb(ladder, folds, methods, (0, 1), None, done.append)
        assert len(answers) == len(done)
        return dict(answers)

    return run, data


def test_erm_follows_the_shortcut_until_it_has_counterexamples(climbed):
    run, data = climbed
    answers, folds = run("erm", "subg"), folds_of(data)
    assert len(answers) == 2 * (4 * 2 + 1) + FOLDS  # once on everything, and the ceiling
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
    agrees = (answers["erm", 0, 0].predicted == data.labels[test])[~data.misleads[test]]
    assert agrees.mean() > 0.9  # answers stand where their samples do


def test_a_method_that_fails_is_reported(climbed, monkeypatch):
    def fail(*_):
        raise SubmissionError("erm: no")

    monkeypatch.setattr(type(erm), "fit", fail)
    assert {each.error for each in climbed[0]("erm").values()} == {"erm: no"}


@pytest.mark.parametrize(("name", "lacking"), [("irm", "environments"), ("contrastive", "twins")])
def test_methods_that_need_more_than_groups_are_refused(name, lacking):
    with pytest.raises(SubmissionError, match=f"{name} needs {lacking}, which your data lack"):
        check_methods(["erm", name])


def test_l2_is_chosen_where_the_shortcut_misleads():
    labels, states = np.array([0, 0, 0, 1, 1, 1, 0]), np.array([0, 0, 1, 0, 0, 1, NEUTRAL])
    follows = np.eye(2)[np.where(states == MISLEADS, 1 - labels, labels)]
    looks = np.eye(2)[np.where([0, 1, 0, 0, 1, 0, 1], 1 - labels, labels)]  # wrong more often, never where it misleads
    assert val_score(follows, labels, states)[0] == 0
    assert val_score(looks, labels, states)[0] == 0.5
    assert val_score(3 * looks, labels, states)[1] < val_score(looks, labels, states)[1]
    alone = states == AGREES  # as without counterexamples
    assert val_score(follows[alone], labels[alone], states[alone])[0] == 1


def test_in_the_loss_every_class_counts_alike():
    labels, logits = np.array([0, 0, 0, 1]), np.log([[0.9, 0.1]] * 3 + [[0.4, 0.6]])
    expected = (np.log(0.9) + np.log(0.6)) / 2
    assert val_score(logits, labels, np.full(4, AGREES)) == pytest.approx((1, expected))


def test_one_strength_is_chosen_by_the_mean_over_draws_and_never_one_that_fails():
    scores = [[(0.5, -1.0), (0.9, -1.0), None], [(0.9, -1.0), (0.5, -0.5), (1.0, 0.0)]]
    draws = [[Answered(np.zeros(1), score=s) if s else Answered(None, error="no") for s in draw] for draw in scores]
    assert best_l2(draws) == 1
    assert strengths("erm") == strengths("group_dro") == GRID
    assert strengths("dfr") == (None,)
