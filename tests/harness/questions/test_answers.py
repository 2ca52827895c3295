import numpy as np
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.by_unit import groups_on_test
from spurgen.harness.questions.answers import digest_of, read_answers, results_of
from spurgen.harness.questions.keys import keys_of, parts_of
from spurgen.harness.questions.writing import write_questions
from spurgen.harness.results.contradiction import contradiction
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.results.store import Store
from spurgen.harness.running.plan import plan
from spurgen.harness.running.run import run


@pytest.mark.parametrize("name", ["small-image", "small-text", "small-both"])
def test_answers_are_scored_as_the_same_model_in_the_sandbox_is(name, suite, submission, answer, score, tmp_path):
    assert score(submission, tasks=[name]) == 0
    (expected,) = Store(tmp_path / "results", "tiny").row("elsewhere")[name].results
    task = suite.task(name)
    write_questions([task], tmp_path / "asked", "folder")
    ((result, samples),) = results_of(suite, task, read_answers([answer(tmp_path / "asked")], task), "mine", "none")
    assert result.metrics == pytest.approx(expected.metrics, abs=1e-6)
    assert result.channels.keys() == expected.channels.keys()
    for channel, values in expected.channels.items():
        assert result.channels[channel] == pytest.approx(values, abs=1e-6)
    assert (result.groups, result.data_sha256) == (expected.groups, expected.data_sha256)
    assert (result.verification, result.isolation) == ("answers only", "answers only")
    assert contradiction(task, groups_on_test(task), make_task_row([(result, samples)])) is None


@pytest.fixture
def read(suite, answer, tmp_path):
    """Return a function that reads answers to small-text, a file for each change of their rows."""
    task = suite.task("small-text")
    write_questions([task], tmp_path / "asked", "folder")

    def read(*changes):
        files = [answer(tmp_path / "asked", f"answers{k}.csv", change=change) for k, change in enumerate(changes)]
        return read_answers(files, task)

    return read


def plain(rows):
    return rows


def test_answers_are_the_same_in_any_order_and_in_several_files_whatever_else_they_say(read):
    halves = [lambda rows: rows[::2], lambda rows: rows[1::2]]
    noted = [lambda rows: [{**row, "note": "long" * 99} for row in rows]]
    same = [read(plain), read(lambda rows: rows[::-1]), read(*halves), read(*noted)]
    assert len({digest_of(answers) for answers in same}) == 1


def test_a_world_is_one_run_or_has_runs_of_its_own(read):
    runs = [lambda rows, k=k: [{**row, "run": k} for row in rows] for k in (1, 0)]
    assert [*read(*runs)] == [0, 1]


def test_a_predicted_class_counts_as_a_sure_answer(read, suite):
    def classes(names):
        def change(rows):
            best = [int(np.argmax([float(row[f"logit_{k}"]) for k in range(3)])) for row in rows]
            return [{"key": row["key"], "prediction": names[k]} for row, k in zip(rows, best, strict=True)]

        return change

    by_score, numbers, words = read(plain), read(classes("012")), read(classes(["heart", "arrow", "moon"]))
    assert digest_of(numbers) == digest_of(words) != digest_of(by_score)
    task = suite.task("small-text")
    (sure,), (graded,) = (results_of(suite, task, rows, "mine", "none") for rows in (numbers, by_score))
    assert sure[0].metrics["accuracy"] == graded[0].metrics["accuracy"]


def each(**entries):
    return lambda rows: [{**row, **entries} for row in rows]


def keys_with(**entries):
    return lambda rows: [{"key": row["key"], **entries} for row in rows]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[1:], "run 0 lacks 1 of .* answers, such as that to"),
        (lambda rows: [*rows, rows[0]], "has been answered before; give every answer once, or add run"),
        (
            lambda rows: [{**rows[0], "key": "f" * 16}, *rows[1:]],
            "1 key is not of task small-text, such as f{16}; a",
        ),
        (each(logit_2="nan"), "column logit_2: 'nan' is no finite number"),
        (lambda rows: [{"logit_0": 0} for _ in rows], "has no column key, only logit_0"),
        (keys_with(), "has neither logit_0 to logit_2 nor prediction"),
        (keys_with(prediction="cow"), "'cow' is no class of heart, arrow, moon"),
        (each(logit_1="1e9"), r"line 2, column key: .* has a logit above 1e\+08"),
        (each(run="first"), "column run: 'first' is no whole number"),
    ],
)
def test_what_is_wrong_with_answers_is_named(read, change, message):
    with pytest.raises(SpurgenError, match=message):
        read(change)


MANY = """
suite = "many"
name = "plates"
seed = 11
worlds = 2
num_classes = 3
channels = { color = { values = 3 } }
splits = { train = 40, val = 10, test_per_group = 2, twins = 4 }
"""


def test_worlds_are_recognised_by_their_keys(answer, tmp_path):
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "plates.toml").write_text(MANY)
    (tmp_path / "many.toml").write_text('[tasks]\nplates-text = { scenario = "plates", modality = "text" }\n')
    task = load_suite(str(tmp_path / "many.toml")).task("plates-text")
    write_questions([task.in_world(0), task.in_world(1)], tmp_path / "both", "folder")
    write_questions([task.in_world(1)], tmp_path / "second", "folder")
    assert [*read_answers([answer(tmp_path / "both")], task)] == [0, 1]
    assert [*read_answers([answer(tmp_path / "second")], task)] == [1]
    twice = [
        answer(tmp_path / "second", f"run{k}.csv", change=lambda rows, k=k: [{**row, "run": k} for row in rows])
        for k in range(2)
    ]
    with pytest.raises(SpurgenError, match="has several worlds, which are its runs: leave the column run out"):
        read_answers(twice, task)
    with pytest.raises(SpurgenError, match=r"world \d \(plates-w\d\) lacks 1 of"):
        read_answers([answer(tmp_path / "both", leave_out=1)], task)


@pytest.mark.parametrize("name", ["few-text-4", "few-image-4"])
def test_answers_on_a_rung_are_scored_as_the_same_model_in_the_sandbox_is(
    name, ladder_file, submission, answer, tmp_path
):
    """The temperature depends on how far a submission's float32 differs from the answers' text."""
    suite = load_suite(ladder_file)
    task = suite.task(name)
    expected = run(plan(ladder_file, [name], [submission], [2])[0]).result
    write_questions([task.in_world(2)], tmp_path / "asked", "folder")
    ((result, samples),) = results_of(suite, task, read_answers([answer(tmp_path / "asked")], task), "mine", "none")
    assert result.seed == 2
    assert result.metrics == pytest.approx(expected.metrics, abs=1e-5)
    assert result.groups == expected.groups
    for shortcut, values in expected.channels.items():
        assert result.channels[shortcut] == pytest.approx(values, abs=1e-5)
    row = make_task_row([(result, samples)])
    assert contradiction(task, np.empty(0, np.int64), row) is None
    readme = (tmp_path / "asked" / "README.md").read_text()
    assert "- `logit_1`: vehicle" in readme
    assert "trained with 4 counterexamples" in readme


def test_the_questions_of_all_rungs_of_a_ladder_are_the_same_and_of_two_worlds_are_not(ladder_suite):
    keys = {
        (name, world): {key for part in parts_of(at) for key in keys_of(at, part)}
        for name in ("few-text-0", "few-text-16", "few-image-16")
        for world in (0, 1)
        for at in [ladder_suite.task(name).in_world(world)]
    }
    assert keys["few-text-0", 0] == keys["few-text-16", 0]
    assert not keys["few-text-0", 0] & (keys["few-text-0", 1] | keys["few-image-16", 0])
