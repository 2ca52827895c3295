import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spurgen.harness.results.store as module
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import Result, round_samples
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.results.store import KINDS, Store, check_owner, label_of, merge_folders, merge_rows

GOLDEN = Path(__file__).with_name("golden")


def seeds(store, label="model"):
    return {task: part.seeds for task, part in store.row(label).items()}


@pytest.mark.parametrize(
    ("spec", "options", "label"),
    [
        ("some/where/my model.py", {}, "my_model"),
        ("spurgen.baselines.erm:submission", {}, "erm"),
        ("package.module:Best", {}, "Best"),
        ("package.module:models.Best", {}, "Best"),
        ("package.module", {}, "module"),
        ("some/foo.py:submission", {}, "foo"),
        ("some/foo.py:Best", {}, "Best"),
        ("erm", {"lr": 0.1, "epochs": 3}, "erm-epochs=3-lr=0.1"),
    ],
)
def test_a_row_is_named_after_its_file_module_or_object_and_options(spec, options, label):
    assert label_of(spec, options) == label


def test_a_row_is_one_text_file_and_one_binary_file(add, store):
    for seed in (0, 1):
        for task in ("small-text", "small-image"):
            add(seed=seed, task=task)
    assert sorted(path.name for path in store.folder.iterdir() if path.name != ".lock") == ["model.jsonl", "model.npz"]
    lines = (store.folder / "model.jsonl").read_text().splitlines()
    assert len(lines) == 1 + 4 + 1
    assert json.loads(lines[0])["schema_version"] == 2


def test_what_is_read_is_what_was_added(suite, make_outcome, store):
    outcomes = []
    for seed in range(3):
        classes = np.random.default_rng(seed).integers(0, 3, (1, 276)).astype(np.uint8)
        arrays = {"ig": np.linspace(-3, 1, 24), "predicted": classes}
        outcomes.append(make_outcome(suite, 0.3 + 0.2 * seed, seed, arrays=arrays))
    for result, samples in (outcomes[k] for k in (2, 0, 1)):
        store.add("model", result, samples)
    row, whole = store.row("model")["small-text"], make_task_row(outcomes)
    assert row.results == whole.results
    np.testing.assert_array_equal(row.correct, whole.correct)
    np.testing.assert_array_equal(row.predicted, whole.predicted)
    assert row.predicted.dtype == np.uint8
    assert row.sums["ig"].tolist() == (3 * np.linspace(-3, 1, 24).astype(np.float16).astype(float)).tolist()


def test_the_order_in_which_results_come_does_not_matter(suite, make_outcome, tmp_path):
    arrays = [{"core": np.random.default_rng(seed).random(24)} for seed in range(4)]
    outcomes = [make_outcome(suite, 0.5, seed, arrays=each) for seed, each in enumerate(arrays)]
    files = []
    for name, order in (("a", (0, 1, 2, 3)), ("b", (3, 1, 0, 2))):
        store = Store(tmp_path / name, "tiny")
        for k in order:
            store.add("model", *outcomes[k])
        files.append([(store.folder / f"model.{ending}").read_bytes() for ending in ("jsonl", "npz")])
    assert files[0] == files[1]


def test_rows_are_read_by_label_and_task_with_ascending_seeds(add, store):
    for label, seed, task in (("b", 10, "text"), ("b", 2, "text"), ("b", 0, "image"), ("a", 1, "text")):
        add(label, seed, f"small-{task}")
    assert store.labels() == ["a", "b"]
    assert seeds(store, "b") == {"small-text": [2, 10], "small-image": [0]}
    assert Store(store.folder.parent, "other").rows() == {}


IMAGE, FAILED = {"task": "small-image"}, {"error": "out of memory"}


@pytest.mark.parametrize(
    ("added", "kept", "measured"),
    [
        ([{}, IMAGE, {"submission_sha256": "another"}], {"small-text": [0]}, 1),
        ([{}, {"seed": 1}, IMAGE, FAILED, FAILED | {"submission_sha256": "another"}, FAILED | {"identity": "b" * 64}],
         {"small-text": [0, 1], "small-image": [0]}, 2),
        ([{}, {"seed": 1}, IMAGE, {"identity": "b" * 64}], {"small-text": [0], "small-image": [0]}, 1),
        ([{"seed": seed} for seed in (0, 0, 1, 1, 2, 2)], {"small-text": [0, 1, 2]}, 3),  # as of two processes
        ([{}, FAILED | {"seed": 1}, {"seed": 2}], {"small-text": [0, 1, 2]}, 2),
        ([{}, FAILED | {"seed": 1}, {"seed": 2}, {"seed": 1}], {"small-text": [0, 1, 2]}, 3),
    ],
    ids=["another version", "failures", "another identity", "twice", "failed", "failed and run again"],
)  # fmt: skip
def test_a_result_replaces_those_that_it_makes_stale_and_a_failure_none(add, store, added, kept, measured):
    for changes in added:
        last = add(**changes)
    part = store.row("model")["small-text"]
    assert seeds(store) == kept
    assert len(part.correct) == measured
    assert part.sums["sss/color"][0] == pytest.approx(0.3 * measured, abs=1e-3)
    assert last in part.results or last.error


def test_results_of_a_version_that_came_in_the_meantime_are_not_replaced(suite, make_outcome, store):
    for version in ("old", "new"):
        store.add("model", *make_outcome(suite, 0.8, submission_sha256=version), replaceable={"old"})
    came = r"row model got results of another version of m\.py while .* \(SHA-256 new, this one mine\), and a row"
    with pytest.raises(SpurgenError, match=came):
        store.add("model", *make_outcome(suite, 0.8, submission_sha256="mine"), replaceable={"old"})
    assert store.row("model")["small-text"].results[0].submission_sha256 == "new"


def test_a_result_that_comes_before_the_stale_ones_are_replaced_is_not_mixed_with_them(suite, make_outcome, store):
    """After a version was raised, seed 5 may finish before seed 0."""
    for seed in range(3):
        store.add("model", *make_outcome(suite, 0.8, seed, identity="old"))
    for seed in (5, 0):
        outcome = make_outcome(suite, 0.8, seed, identity="new")
        store.add("model", *outcome, lambda result: result.identity == "new")
    part = store.row("model")["small-text"]
    assert (part.seeds, len(part.correct)) == ([0, 5], 2)


def test_a_reader_waits_out_a_write_by_another_process(add, store, monkeypatch):
    add(seed=0)
    real, calls = module._matching, []

    def interrupted(binary, sha256):
        calls.append(sha256)
        if len(calls) == 1:  # between the reading of the text and of the arrays
            monkeypatch.setattr(module, "_matching", real)
            add(seed=1)
            monkeypatch.setattr(module, "_matching", interrupted)
        return real(binary, sha256)

    monkeypatch.setattr(module, "_matching", interrupted)
    assert seeds(store) == {"small-text": [0, 1]}
    assert len(calls) == 2


def test_arrays_that_a_writer_renames_while_they_are_looked_for_are_found(add, store, monkeypatch):
    add(seed=0)
    old = (store.folder / "model.npz").read_bytes()
    add(seed=1)
    binary, pending, real = store.folder / "model.npz", store.folder / "model.npz.pending", module.read_bytes
    binary.rename(pending)  # as it is between the last two steps of a write
    binary.write_bytes(old)

    def then_renamed(path, limit):
        try:
            return real(path, limit)
        finally:
            if pending.exists():
                pending.replace(binary)

    monkeypatch.setattr(module, "read_bytes", then_renamed)
    assert seeds(store) == {"small-text": [0, 1]}


def test_a_row_of_failed_results_alone_can_be_read(add, store):
    failed = add(error="boom", metrics={}, channels={}, groups=())
    part = store.row("model")["small-text"]
    assert (part.results, len(part.correct), part.sums) == ((failed,), 0, {})


def test_updated_results_keep_their_samples(add, store):
    result = add()
    store.update("model", [result.model_copy(update={"verification": "re-run"})])
    row = store.row("model")["small-text"]
    assert (row.results[0].verification, len(row.correct), len(row.sums["ig"])) == ("re-run", 1, 24)


def test_a_result_that_was_made_again_in_the_meantime_is_not_updated(add, store):
    old = add()
    newer = add(identity="b" * 64, provenance=old.provenance.model_copy(update={"finished": "2027-01-01T00:00:00Z"}))
    with pytest.raises(SpurgenError, match="model got another result on small-text, seed 0, while this command ran"):
        store.update("model", [old.model_copy(update={"verification": "re-run"})])
    assert store.row("model")["small-text"].results == (newer,)


def test_shipped_rows_stand_behind_a_users_own_and_are_never_written(add, store, monkeypatch, tmp_path):
    add(seed=0)
    monkeypatch.setattr(module, "SHIPPED", store.folder.parent)
    before = [path.read_bytes() for path in sorted(store.folder.iterdir())]
    own = Store(tmp_path / "own", "tiny")
    assert seeds(own) == {"small-text": [0]}
    assert own.overriding() == []
    result = own.row("model")["small-text"].results[0]
    own.add("model", result.model_copy(update={"seed": 1, "error": "no"}), {})
    assert seeds(own) == {"small-text": [0, 1]}
    assert (own.overriding(), store.overriding()) == (["model"], [])
    assert [path.read_bytes() for path in sorted(store.folder.iterdir())] == before


@pytest.mark.parametrize("moment", ["before the text", "after the text"])
def test_a_process_killed_while_writing_leaves_the_old_row_or_the_new_one(add, store, monkeypatch, moment):
    add(seed=0)
    real = module.write_atomically

    def dies(path, content):
        if path.suffix != ".jsonl" or moment == "after the text":
            real(path, content)
        if path.suffix == ".jsonl":
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "write_atomically", dies)
    with pytest.raises(KeyboardInterrupt):
        add(seed=1)
    monkeypatch.undo()
    assert seeds(store) == {"small-text": [0] if moment == "before the text" else [0, 1]}
    add(seed=2)
    assert sorted(path.name for path in store.folder.iterdir()) == [".lock", "model.jsonl", "model.npz"]


@pytest.mark.parametrize("name", [b"two words", b"line\nbreak", b"<b>", b"caf\xe9"])
def test_a_file_with_another_name_than_a_rows_is_left_out_with_a_warning(tmp_path, name):
    (tmp_path / "tiny").mkdir()
    for label in (name, b"x"):
        os.close(os.open(bytes(tmp_path / "tiny") + b"/" + label + b".jsonl", os.O_CREAT))
    warned = pytest.warns(UserWarning, match=r"letters, digits and \. _ = \+ -; rename or remove it; it is left out")
    with warned as caught:
        assert Store(tmp_path, "tiny").labels() == ["x"]
    assert str(caught[0].message).isprintable()


def test_a_row_of_schema_2_is_read_for_ever():
    row = Store(GOLDEN, "tiny").row("model")
    assert {task: part.seeds for task, part in row.items()} == {"small-text": [0, 1], "small-image": [0]}
    part = row["small-text"]
    assert part.results[0].metrics["wga"] == 0.8
    assert part.correct.sum(axis=1).tolist() == [sum(result.groups) for result in part.results]
    assert part.sums["core"].tolist() == [pytest.approx(1.4, abs=1e-3)] * 24


def test_a_row_belongs_to_the_submission_that_made_it(add, store):
    add(spec="one.py")
    row = store.row("model")
    assert check_owner(row, "model", "one.py", "changed since")
    assert not check_owner(row, "model", "elsewhere/one.py", "0")  # the same source
    assert not check_owner({}, "other", "two.py", "1")
    with pytest.raises(SpurgenError, match=r"the row model belongs to one.py; rename two/one.py, name another folder"):
        check_owner(row, "model", "two/one.py", "1")


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
