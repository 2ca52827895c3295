import numpy as np
import pytest

from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.own import climb as climbing
from spurgen.harness.own.climb import EVERYTHING, MAJORITY, Samples, check_methods, climb, rungs_of


@pytest.fixture
def samples(scenes, read, encode):
    data = read(scenes)
    return Samples(encode(data), data.labels, data.values, data.splits, data.conflicts, 2, True)


@pytest.fixture
def here(monkeypatch):
    """Train in this process."""
    monkeypatch.setattr(climbing.pool, "run", lambda work, jobs, _: ((job, work(job)) for job in jobs))


def test_rungs_are_nested_and_their_majority_stays(samples):
    rows = {m: samples.rows("train", m, 3) for m in (0, 2, 8, 24)}
    counter = {m: [k for k in each if samples.conflicts[k]] for m, each in rows.items()}
    assert {m: len(each) for m, each in counter.items()} == {0: 0, 2: 2, 8: 8, 24: 24}
    assert set(counter[2]) < set(counter[8]) < set(counter[24])
    assert all({*rows[0]} <= {*each} for each in rows.values())
    assert np.bincount(samples.labels[counter[8]]).tolist() == [4, 4]  # classes take turns
    assert [*samples.rows("train", 8, 4)] != [*rows[8]]


def test_val_has_a_quarter_of_the_counterexamples_and_at_least_16(samples):
    found = [int(samples.conflicts[samples.rows("val", m, 0)].sum()) for m in (0, 2, 8, 72, 400)]
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
    answers = climb(data, encode(data), ["erm", "subg"], rungs_of(data), (0, 1), None, done.append)
    assert len(answers) == len(done) == 2 * (4 * 2 + 1)  # and once on everything
    assert [*dict.fromkeys(name for name, *_ in answers)] == ["erm", "subg"]
    test = data.inside("test")
    right = {key: (each.predicted == data.labels[test])[data.conflicts[test]].mean() for key, each in answers.items()}
    assert right["erm", 0, 0] < 0.2
    assert right["erm", 24, 0] > right["erm", 2, 0]
    assert right["subg", 24, 0] > 0.85


@pytest.mark.usefixtures("here")
def test_a_method_that_fails_is_reported(scenes, read, encode, monkeypatch):
    def fail(*_):
        raise SubmissionError("erm: no")

    monkeypatch.setattr(climbing, "load_submission", lambda *_: climbing_submission(fail))
    data = read(scenes)
    answers = climb(data, encode(data), ["erm"], (0,), (0,), None, lambda _: None)
    assert {each.error for each in answers.values()} == {"erm: no"}


def climbing_submission(fit):
    from spurgen.benchmark.contract import Submission

    return Submission("erm", "none", frozenset({"text"}), fit, fit, None, None)


@pytest.mark.parametrize(("name", "lacking"), [("irm", "environments"), ("contrastive", "twins")])
def test_methods_that_need_more_than_groups_are_refused(name, lacking):
    with pytest.raises(SubmissionError, match=f"{name} needs {lacking}, which your data lack"):
        check_methods(["erm", name])
