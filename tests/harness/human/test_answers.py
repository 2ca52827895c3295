import json
import os

import pytest

from spurgen.benchmark.errors import MissingError, ReadError, SpurgenError
from spurgen.harness.human.answers import Answer, open_answers, read_answers
from spurgen.harness.machine.files import WriteError


@pytest.fixture
def header(make_run):
    return make_run().header


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "ann.jsonl"


@pytest.fixture
def file(path, header):
    """A file with a header, a study answer and two test answers."""
    with open_answers(path, header) as (file, _):
        file.add(Answer(phase="study", index=3, milliseconds=5))
        for index in (8, 9):
            file.add(Answer(phase="test", index=index, choice=header.classes[0], milliseconds=900))
    return path


def test_answers_are_read_as_they_were_written(file, header):
    answers = read_answers(file)
    assert answers.header == header
    assert [answer.phase for answer in answers.given] == ["study", "test", "test"]
    assert [answer.index for answer in answers.in_phase("test")] == [8, 9]
    assert not answers.complete
    assert "null" not in file.read_text()


def test_a_file_goes_on_where_it_stopped(file, header):
    before = file.read_bytes()
    with open_answers(file, header) as (open_file, answers):
        assert len(answers.given) == 3
        open_file.add(Answer(phase="test", index=10, choice=header.classes[1], milliseconds=1))
    assert file.read_bytes().startswith(before)
    assert len(read_answers(file).given) == 4


@pytest.mark.parametrize("cut", [1, 20])
def test_half_a_line_does_not_count_and_is_removed(file, header, cut):
    whole = file.read_bytes()
    file.write_bytes(whole[:-cut])
    assert len(read_answers(file).given) == 2
    with open_answers(file, header) as (open_file, answers):
        open_file.add(answers.given[-1].model_copy(update={"index": 9}))
    assert file.read_bytes() == whole


def test_half_a_header_is_no_file_of_answers(file, header):
    file.write_bytes(file.read_bytes()[:30])
    assert read_answers(file) is None
    with open_answers(file, header) as (_, answers):
        assert answers.given == []
    assert read_answers(file).header == header


def test_every_answer_is_on_disk_before_the_next_scene(path, header, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fsync", lambda handle: synced.append(os.fstat(handle).st_size))
    with open_answers(path, header) as (file, _):
        file.add(Answer(phase="study", index=3, milliseconds=5))
    assert synced[-1] == path.stat().st_size
    assert len(synced) == 2


def test_a_line_that_the_disk_refuses_leaves_nothing(file, header, monkeypatch):
    before = file.read_bytes()

    def refuse(_):
        raise OSError(28, "No space left on device")

    with open_answers(file, header) as (open_file, _):
        monkeypatch.setattr("os.fsync", refuse)
        with pytest.raises(WriteError, match=r"cannot write .*ann\.jsonl: No space left on device"):
            open_file.add(Answer(phase="study", index=4, milliseconds=5))
    assert file.read_bytes() == before


def test_two_processes_cannot_add_to_one_file(file, header):
    second = open_answers(file, header)
    with open_answers(file, header), pytest.raises(SpurgenError, match="another process adds answers to"), second:
        pass


def test_other_numbers_than_before_are_refused(file, make_run):
    other = make_run(scenes=30).header
    with (
        pytest.raises(SpurgenError, match="were given with scenes 24, not 30; leave out the flags"),
        open_answers(file, other),
    ):
        pass


def test_a_link_is_not_followed(path, header, tmp_path):
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WriteError, match="cannot write"), open_answers(path, header):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_there_is_no_file(path):
    with pytest.raises(MissingError, match="cannot read the answers"):
        read_answers(path)


def change(**fields):
    return lambda line: json.dumps(json.loads(line) | fields)


@pytest.mark.parametrize(
    ("number", "edit", "message"),
    [
        (1, change(schema_version=2), "line 1: schema_version: .* 1 "),
        (1, change(age=30), "line 1: age: there is no such key"),
        (1, change(classes=[1, 1]), r"line 1: classes \[1, 1\] name a class twice"),
        (1, change(classes=[1, 99]), "line 1: classes.1: "),
        (1, change(scenes=1), "it has 2 test answers, expected one for each of 1 scenes"),
        (1, change(annotator="ben"), "are those of ben; give the file that name again"),
        (2, lambda _: "{", "line 2: "),
        (2, lambda _: "[]", "line 2: "),
        (2, change(choice=0), "line 2: a study answer with choice 0"),
        (3, change(phase="x"), "line 3: phase: "),
        (3, change(index=-1), "line 3: index: "),
        (3, change(index=9), "it has 2 test answers, expected one for each"),
        (3, change(choice=None), "line 3: a test answer with choice None"),
        (3, change(choice=19), "line 3: choice 19 is none of the classes"),
        (3, change(choice=True), "line 3: choice: "),
        (3, change(milliseconds=-1), "line 3: milliseconds: "),
        (3, lambda line: line.replace("900", "NaN"), "line 3: 'NaN' is not a finite number"),
    ],
)
def test_damaged_and_forged_lines_are_refused_with_their_number(file, number, edit, message):
    lines = file.read_text().splitlines()
    lines[number - 1] = edit(lines[number - 1])
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(ReadError, match=message) as caught:
        read_answers(file)
    assert str(file) in str(caught.value)


def test_only_plain_files_of_limited_size_are_read(path):
    path.parent.mkdir()
    os.mkfifo(path)
    with pytest.raises(ReadError, match="it is a FIFO"):
        read_answers(path)
    path.unlink()
    path.write_bytes(b"\n" * ((1 << 22) + 1))
    with pytest.raises(ReadError, match="more than 4,194,304 bytes"):
        read_answers(path)
