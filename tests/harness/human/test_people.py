import pytest

from spurgen.benchmark.errors import ReadError
from spurgen.harness.human.people import People, answers_file, read_people
from spurgen.harness.human.table import NOTE, people_text


@pytest.fixture
def results(tmp_path):
    return tmp_path / "results"


def test_without_answers_there_are_no_people(draft, results):
    assert read_people(draft, results) == {}
    results.mkdir()
    assert read_people(draft, results) == {}


def test_people_are_read_by_task_and_sorted_by_name(draft, results, make_run, answer_all, keep_answers):
    for annotator in ("eve", "ann"):
        keep_answers(results, answer_all(make_run(annotator)))
    keep_answers(results, answer_all(make_run("bob", task="ambiguous-text")))
    assert (results / "draft" / "human" / "ambiguous-text" / "bob.jsonl").exists()
    people = read_people(draft, results)
    assert list(people) == ["ambiguous-image", "ambiguous-text"]
    assert [row.annotator for row in people["ambiguous-image"].rows] == ["ann", "eve"]


def test_who_has_not_finished_has_no_row(draft, results, make_run, answer_all, keep_answers):
    answers = answer_all(make_run())
    path = keep_answers(results, type(answers)(answers.header, answers.given[:-4]))
    assert read_people(draft, results) == {"ambiguous-image": People([], {"ann": 20})}
    path.write_bytes(path.read_bytes()[:10])
    assert read_people(draft, results)["ambiguous-image"].unfinished == {"ann": 0}


def test_people_that_ship_are_read_as_well(draft, results, make_run, answer_all, keep_answers, tmp_path, monkeypatch):
    shipped = tmp_path / "shipped"
    monkeypatch.setattr("spurgen.harness.results.store.SHIPPED", shipped)
    keep_answers(shipped, answer_all(make_run("ann")))
    keep_answers(shipped, answer_all(make_run("bob")))
    keep_answers(results, answer_all(make_run("ann"), milliseconds=5))
    rows = read_people(draft, results)["ambiguous-image"].rows
    assert [(row.annotator, row.milliseconds) for row in rows] == [("ann", 5), ("bob", 700)]


def test_a_file_that_cannot_be_used_is_named(draft, results, make_run, answer_all, keep_answers):
    path = keep_answers(results, answer_all(make_run()))
    path.rename(answers_file(results, "draft", "ambiguous-text", "ann").parent.parent / "moved")
    path = answers_file(results, "draft", "ambiguous-text", "ann")
    path.parent.mkdir()
    (path.parent.parent / "moved").rename(path)
    with pytest.raises(ReadError, match=r"cannot use the answers .*ann\.jsonl: they were given to another version of"):
        read_people(draft, results)


def test_the_table_has_a_line_per_person_and_their_mean(draft, results, make_run, answer_all, keep_answers, read_table):
    for annotator in ("ann", "bob"):
        keep_answers(results, answer_all(make_run(annotator, scenes=48, practice=60)))
    keep_answers(results, type(answers := answer_all(make_run("eve")))(answers.header, answers.given[:-4]))
    title, _, table, _, note, _, unfinished, _ = people_text(read_people(draft, results)["ambiguous-image"])
    assert (title, note) == ("### People", NOTE)
    assert unfinished == "Not finished: eve, 20 test answers  "
    first, second, mean = read_table(table)
    assert first == {
        "Person": "ann", "World": "0", "Classes": "3", "Chance": "0.33", "Robust accuracy": "1.00 [0.43, 1.00]",
        "Aligned": "1.00 [0.54, 1.00]", "By core cue": "1.00 [0.88, 1.00]", "By color": "0.00 [0.00, 0.12]",
        "By background": "0.00 [0.00, 0.12]", "By none": "0.00 [0.00, 0.12]", "Attention": "yes", "Learned": "yes",
        "Answers": "48", "Seconds": "0.7",
    }  # fmt: skip
    assert second == first | {"Person": "bob"}
    assert (mean["Person"], mean["Robust accuracy"], mean["By core cue"], mean["World"]) == (
        "Mean of 2", "1.00", "1.00", "",
    )  # fmt: skip


def test_a_block_without_rows_has_no_table():
    assert people_text(People([], {"eve": 3})) == ["### People", "", "Not finished: eve, 3 test answers  ", ""]
