"""Joining folders of results."""

import os

import pytest

from spurgen.harness.cli import main
from spurgen.harness.results.store import KINDS, Store


def test_a_folder_without_rows_cannot_be_merged(tmp_path, stderr):
    assert main(["merge", str(tmp_path), "--results", str(tmp_path / "out")]) == 2
    assert "has no rows: expected files such as" in stderr()


def test_folders_that_contradict_each_other_are_named_and_nothing_is_merged(tmp_path, suite, make_outcome, stderr):
    result, samples = make_outcome(suite, 0.5)
    other = result.model_copy(update={"identity": "f" * 64})
    for name, each in (("a", result), ("b", result), ("c", other)):
        Store(tmp_path / name, "tiny").add("mine", each, samples)
    Store(tmp_path / "a", "tiny").add("alone", result, samples)
    assert main(["merge", *(str(tmp_path / name) for name in "abc"), "--results", str(tmp_path / "out")]) == 2
    assert f"{tmp_path}/a and {tmp_path}/c: row mine, small-text: two different results of seed 0; merge" in stderr()
    assert not (tmp_path / "out/tiny").exists()
    assert main(["merge", *(str(tmp_path / name) for name in "ab"), "--results", str(tmp_path / "out")]) == 0
    assert main(["merge", str(tmp_path / "c"), "--results", str(tmp_path / "out")]) == 2
    assert f"{tmp_path}/out/tiny and {tmp_path}/c: row mine" in stderr()


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
        assert main(["merge", *(str(tmp_path / name) for name in order), "--results", str(tmp_path / order)]) == 0
        merged = Store(tmp_path / order, "tiny", shipped=False).row("mine")["small-text"].results
        assert merged == (result, later)


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_one_kind_of_results_is_merged(tmp_path, suite, make_outcome, stderr, kind):
    Store(tmp_path / "share", "tiny", kind).add("erm", *make_outcome(suite, 0.5))
    assert main(["merge", str(tmp_path / "share"), "--results", str(tmp_path / "out")]) == 0
    assert "merged 1 row of 1 folders" in stderr()
    assert Store(tmp_path / "out", "tiny", kind).labels() == ["erm"]


def test_a_result_that_is_there_already_stays_with_what_was_noted_in_it(tmp_path, suite, make_outcome):
    result, samples = make_outcome(suite, 0.5)
    share, there = (Store(tmp_path / name, "tiny") for name in ("share", "out"))
    share.add("mine", result, samples)
    there.add("mine", result.model_copy(update={"verification": "re-run"}), samples)
    assert main(["merge", str(tmp_path / "share"), "--results", str(tmp_path / "out")]) == 0
    assert there.row("mine")["small-text"].results[0].verification == "re-run"


def test_a_merge_that_the_system_refuses_midway_is_completed_by_the_next(
    tmp_path, suite, make_outcome, monkeypatch, stderr
):
    for folder, label, seed, kind in (("a", "one", 0, ""), ("b", "one", 1, ""), ("b", "two", 0, "private")):
        Store(tmp_path / folder, "tiny", kind).add(label, *make_outcome(suite, 0.5, seed))

    def merge(out):
        return main(["merge", str(tmp_path / "a"), str(tmp_path / "b"), "--results", str(tmp_path / out)])

    def files(out):
        return {path.relative_to(tmp_path / out): path.read_bytes() for path in (tmp_path / out).rglob("*.*")}

    assert merge("whole") == 0
    for bad, real in enumerate([os.replace] * 4):  # two files of each row
        calls = iter(range(100))

        def failing(*places, calls=calls, bad=bad, real=real):
            if next(calls) == bad:
                raise OSError(28, "No space left on device")
            return real(*places)

        with monkeypatch.context() as context:
            context.setattr(os, "replace", failing)
            assert merge(f"out{bad}") == 2
        assert "No space left on device" in stderr()
        for kind in ("", "private"):
            Store(tmp_path / f"out{bad}", "tiny", kind).rows()  # what is there is whole
        assert merge(f"out{bad}") == 0
        assert files(f"out{bad}") == files("whole")
