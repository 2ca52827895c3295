import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import Result, round_samples
from spurgen.harness.results.merging import merge_folders, merge_rows
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.results.store import KINDS, Store

PROVENANCE = {
    "finished": "2026-01-01T00:00:00Z",
    "environment": {"python": "3", "machine": "one", "packages": {}, "spurgen": "0.1.0"},
}


def make_result(**changes):
    fields = {
        "suite": "tiny", "task": "t", "submission": "mine", "spec": "mine.py", "options": {}, "access": "none",
        "submission_sha256": "a" * 64, "data_sha256": "d" * 64, "isolation": "process", "provenance": PROVENANCE,
    }  # fmt: skip
    return Result.model_validate(fields | changes)


def make_outcomes():
    """Results of seeds 0 to 4 of one submission, each with arrays of its own."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        classes = rng.integers(0, 3, (2, 5)).astype(np.uint8)
        samples = round_samples({"correct": rng.random(6) < 0.5, "core": rng.random(4), "predicted": classes})
        yield make_result(seed=seed, identity=f"{seed}"), samples


OUTCOMES = list(make_outcomes())


def assert_same(first, second):
    assert first.keys() == second.keys()
    for task in first:
        assert first[task].results == second[task].results
        np.testing.assert_array_equal(first[task].correct, second[task].correct)
        np.testing.assert_array_equal(first[task].predicted, second[task].predicted)
        assert first[task].sums.keys() == second[task].sums.keys()
        for name, total in first[task].sums.items():
            np.testing.assert_array_equal(total, second[task].sums[name])


@given(owners=st.lists(st.integers(0, 2), min_size=5, max_size=5), order=st.permutations(range(3)))
def test_any_division_of_seeds_among_folders_merges_to_the_whole(owners, order):
    shares = [
        {"t": make_task_row([o for o, owner in zip(OUTCOMES, owners, strict=True) if owner == k])}
        for k in order
        if k in owners
    ]
    merged = {}
    for share in shares:
        merged = merge_rows("mine", merged, share)
    assert_same(merged, {"t": make_task_row(OUTCOMES)})
    assert_same(merge_rows("mine", merged, shares[0]), merged)  # what is there already changes nothing


def test_tasks_of_both_are_there():
    row = make_task_row(OUTCOMES)
    assert merge_rows("mine", {"a": row}, {"b": row}).keys() == {"a", "b"}


@pytest.mark.parametrize("finished", [1, 2])
def test_a_failed_result_gives_way_to_a_finished_one_of_its_seed_alone(finished):
    whole = OUTCOMES[:finished]
    failure = {k: (make_result(seed=k, identity=f"{k}", error="broken"), {}) for k in (0, 3)}
    for seed, expected in ((0, whole), (3, [*whole, failure[3]])):
        failed, row = {"t": make_task_row([failure[seed]])}, {"t": make_task_row(whole)}
        assert_same(merge_rows("mine", failed, row), {"t": make_task_row(expected)})
        assert_same(merge_rows("mine", row, failed), {"t": make_task_row(expected)})
        assert_same(merge_rows("mine", failed, failed), failed)


@pytest.mark.parametrize("other", [{"finished": "2026-01-02T00:00:00Z"}, {"order_seed": 1}])
def test_of_two_failed_results_of_a_seed_the_same_one_stays_in_any_order(other):
    results = (
        make_result(seed=0, identity="0", error="first"),
        make_result(seed=0, identity="0", error="then", provenance=PROVENANCE | other),
    )
    first, then = ({"t": make_task_row([(result, {})])} for result in results)
    assert_same(merge_rows("mine", first, then), then)
    assert_same(merge_rows("mine", then, first), then)


def test_a_row_made_before_an_array_was_added_is_not_merged_with_a_newer_one():
    older = {"t": make_task_row([(result, {k: a for k, a in samples.items() if k != "predicted"})
                                 for result, samples in OUTCOMES[:2]])}  # fmt: skip
    newer = {"t": make_task_row(OUTCOMES[2:])}
    for pair in ((older, newer), (newer, older)):
        with pytest.raises(SpurgenError, match=r"row mine, t: two results differ in the array predicted: .*; delete"):
            merge_rows("mine", *pair)


def test_what_cannot_be_merged_is_named():
    first, second = ({"t": make_task_row([OUTCOMES[k] for k in seeds])} for seeds in ((0, 1), (1, 2)))
    with pytest.raises(SpurgenError, match="row mine, t: both folders have seed 1, and each has another seed that"):
        merge_rows("mine", first, second)
    other = {"t": make_task_row([(make_result(seed=1, identity="x"), OUTCOMES[1][1])])}
    with pytest.raises(SpurgenError, match="row mine, t: two different results of seed 1; merge one of them"):
        merge_rows("mine", first, other)
    version = {"u": make_task_row([(make_result(seed=2, identity="2", submission_sha256="b" * 64), OUTCOMES[2][1])])}
    with pytest.raises(SpurgenError, match="row mine has results of two versions of the submission"):
        merge_rows("mine", first, version)
    split = {"t": make_task_row([(make_result(seed=2, identity="2", submission_sha256="b" * 64), OUTCOMES[2][1])])}
    with pytest.raises(SpurgenError, match="row mine has results of two versions of the submission"):
        merge_rows("mine", first, split)
    short = replace(make_task_row([OUTCOMES[2]]), correct=np.ones((1, 5), bool))
    with pytest.raises(
        SpurgenError, match="row mine, t: two results differ in the array correct: they are of different data"
    ):
        merge_rows("mine", first, {"t": short})


def test_a_folder_without_rows_cannot_be_merged(tmp_path):
    with pytest.raises(SpurgenError, match="has no rows: expected files such as"):
        merge_folders([tmp_path], tmp_path / "out")


def test_folders_that_contradict_each_other_are_named_and_nothing_is_merged(tmp_path, suite, make_outcome):
    result, samples = make_outcome(suite, 0.5)
    other = result.model_copy(update={"identity": "f" * 64})
    for name, each in (("a", result), ("b", result), ("c", other)):
        Store(tmp_path / name, "tiny").add("mine", each, samples)
    Store(tmp_path / "a", "tiny").add("alone", result, samples)
    both = f"{tmp_path}/a and {tmp_path}/c: row mine, small-text: two different results of seed 0; merge"
    with pytest.raises(SpurgenError, match=both):
        merge_folders([tmp_path / name for name in "abc"], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert merge_folders([tmp_path / name for name in "ab"], tmp_path / "out") == 2
    with pytest.raises(SpurgenError, match=f"{tmp_path}/out/tiny and {tmp_path}/c: row mine"):
        merge_folders([tmp_path / "c"], tmp_path / "out")


def test_a_row_that_comes_with_spurgen_gives_way_in_any_order(tmp_path, suite, make_outcome, monkeypatch):
    result, samples = make_outcome(suite, 0.5)
    later = result.model_copy(update={"seed": 1, "identity": "e" * 64})
    stale = later.model_copy(update={"identity": "f" * 64})
    for name, each in (("a", result), ("b", later)):
        Store(tmp_path / name, "tiny").add("mine", each, samples)
    for each in (result, stale):  # only b contradicts it
        Store(tmp_path / "shipped", "tiny").add("mine", each, samples, is_current=lambda _: True)
    monkeypatch.setattr("spurgen.harness.results.store.SHIPPED", tmp_path / "shipped")
    for order in ("ab", "ba"):
        merge_folders([tmp_path / name for name in order], tmp_path / order)
        merged = Store(tmp_path / order, "tiny", shipped=False).row("mine")["small-text"].results
        assert merged == (result, later)


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_one_kind_of_results_is_merged(tmp_path, suite, make_outcome, kind):
    Store(tmp_path / "share", "tiny", kind).add("erm", *make_outcome(suite, 0.5))
    assert merge_folders([tmp_path / "share"], tmp_path / "out") == 1
    assert Store(tmp_path / "out", "tiny", kind).labels() == ["erm"]


def test_a_result_that_is_there_already_stays_with_what_was_noted_in_it(tmp_path, suite, make_outcome):
    result, samples = make_outcome(suite, 0.5)
    share, there = (Store(tmp_path / name, "tiny") for name in ("share", "out"))
    share.add("mine", result, samples)
    there.add("mine", result.model_copy(update={"verification": "re-run"}), samples)
    merge_folders([tmp_path / "share"], tmp_path / "out")
    assert there.row("mine")["small-text"].results[0].verification == "re-run"


def test_a_merge_that_the_system_refuses_midway_is_completed_by_the_next(tmp_path, suite, make_outcome, monkeypatch):
    for folder, label, seed, kind in (("a", "one", 0, ""), ("b", "one", 1, ""), ("b", "two", 0, "tricks")):
        Store(tmp_path / folder, "tiny", kind).add(label, *make_outcome(suite, 0.5, seed))

    def merge(out):
        merge_folders([tmp_path / "a", tmp_path / "b"], tmp_path / out)

    def files(out):
        return {path.relative_to(tmp_path / out): path.read_bytes() for path in (tmp_path / out).rglob("*.*")}

    merge("whole")
    for bad, real in enumerate([os.replace] * 4):  # two files of each row
        calls = iter(range(100))

        def failing(*places, calls=calls, bad=bad, real=real):
            if next(calls) == bad:
                raise OSError(28, "No space left on device")
            return real(*places)

        with monkeypatch.context() as context:
            context.setattr(os, "replace", failing)
            with pytest.raises(OSError, match="No space left on device"):
                merge(f"out{bad}")
        for kind in ("", "tricks"):
            Store(tmp_path / f"out{bad}", "tiny", kind).rows()  # what is there is whole
        merge(f"out{bad}")
        assert files(f"out{bad}") == files("whole")
