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


def test_answers_are_the_same_in_any_order_and_in_several_files(suite, answer, tmp_path):
    task = suite.task("small-text")
    write_questions([task], tmp_path / "asked", "folder")
    whole = read_answers([answer(tmp_path / "asked")], task)
    turned = answer(tmp_path / "asked", "turned.csv", change=lambda rows: rows[::-1])
    halves = [answer(tmp_path / "asked", f"half{k}.csv", change=lambda rows, k=k: rows[k::2]) for k in range(2)]
    assert digest_of(whole) == digest_of(read_answers([turned], task)) == digest_of(read_answers(halves, task))


def test_a_world_is_one_run_or_has_runs_of_its_own(suite, answer, tmp_path):
    task = suite.task("small-text")
    write_questions([task], tmp_path / "asked", "folder")
    runs = [
        answer(tmp_path / "asked", f"run{k}.csv", change=lambda rows, k=k: [{**row, "run": k} for row in rows])
        for k in (1, 0)
    ]
    assert [seed for seed, _ in read_answers(runs, task)] == [0, 1]


def test_a_predicted_class_counts_as_a_sure_answer(suite, answer, tmp_path):
    task = suite.task("small-text")
    write_questions([task], tmp_path / "asked", "folder")

    def classes(names):
        def change(rows):
            scores = [[float(row[f"logit_{k}"]) for k in range(3)] for row in rows]
            return [
                {"key": row["key"], "prediction": names[int(np.argmax(s))]} for row, s in zip(rows, scores, strict=True)
            ]

        return change

    by_score = read_answers([answer(tmp_path / "asked")], task)
    numbers = read_answers([answer(tmp_path / "asked", "numbers.csv", change=classes("012"))], task)
    words = read_answers([answer(tmp_path / "asked", "words.csv", change=classes(["heart", "arrow", "moon"]))], task)
    assert digest_of(numbers) == digest_of(words) != digest_of(by_score)
    (sure,), (graded,) = (results_of(suite, task, rows, "mine", "none") for rows in (numbers, by_score))
    assert sure[0].metrics["accuracy"] == graded[0].metrics["accuracy"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[1:], "run 0 lacks 1 of .* answers, such as that to"),
        (lambda rows: [*rows, rows[0]], "has been answered before; give every answer once, or add run"),
        (
            lambda rows: [{**rows[0], "key": "f" * 16}, *rows[1:]],
            "1 key is not of task small-text, such as f{16}; answer",
        ),
        (lambda rows: [{**row, "logit_2": "nan"} for row in rows], "column logit_2: 'nan' is no finite number"),
        (
            lambda rows: [{k: v for k, v in row.items() if k != "key"} for row in rows],
            "has no column key, only logit_0",
        ),
        (lambda rows: [{"key": row["key"]} for row in rows], "has neither logit_0 to logit_2 nor prediction"),
        (
            lambda rows: [{"key": row["key"], "prediction": "cow"} for row in rows],
            "'cow' is no class of heart, arrow, moon",
        ),
        (lambda rows: [{**row, "logit_1": "1e9"} for row in rows], r"line 2, column key: .* has a logit above 1e\+08"),
        (lambda rows: [{**row, "run": "first"} for row in rows], "column run: 'first' is no whole number"),
    ],
)
def test_what_is_wrong_with_answers_is_named(suite, answer, tmp_path, change, message):
    task = suite.task("small-text")
    write_questions([task], tmp_path / "asked", "folder")
    with pytest.raises(SpurgenError, match=message):
        read_answers([answer(tmp_path / "asked", change=change)], task)


@pytest.mark.parametrize("runs", [1, 100])
def test_no_more_answers_are_read_than_there_are_questions(suite, answer, tmp_path, runs):
    task = suite.task("small-text")
    count = write_questions([task], tmp_path / "asked", "folder")

    def bomb(rows):
        return [{"key": rows[0]["key"], "prediction": 0} | ({"run": 1} if runs > 1 else {})] * (runs * count + 2)

    with pytest.raises(SpurgenError, match=f"answers.csv has more than {runs * count + 1:,} rows; correct the file"):
        read_answers([answer(tmp_path / "asked", change=bomb)], task)


def test_columns_that_are_no_answers_are_not_read(suite, answer, tmp_path):
    task = suite.task("small-text")
    write_questions([task], tmp_path / "asked", "folder")
    plain = read_answers([answer(tmp_path / "asked")], task)
    more = answer(tmp_path / "asked", "more.csv", change=lambda rows: [{**row, "note": "long" * 99} for row in rows])
    assert digest_of(read_answers([more], task)) == digest_of(plain)


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
    assert [seed for seed, _ in read_answers([answer(tmp_path / "both")], task)] == [0, 1]
    assert [seed for seed, _ in read_answers([answer(tmp_path / "second")], task)] == [1]
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
