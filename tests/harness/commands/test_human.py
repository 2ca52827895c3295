import json
from http.client import HTTPConnection
from threading import Thread

import pytest

from spurgen.harness.cli import main
from spurgen.harness.human.server import PageServer

serve_forever = PageServer.serve_forever


@pytest.fixture
def human(suite_file, tmp_path):
    """Return a function that runs the command on the tiny suite."""
    return lambda *flags: main(["human", "--suite", suite_file, "--results", str(tmp_path / "results"), *flags])


@pytest.fixture
def ask(human):
    """Return a function that runs the command for a task and an annotator."""
    return lambda *flags: human("--task", "small-image", "--annotator", "p1", *flags)


@pytest.fixture
def answers(tmp_path):
    """The path of the annotator's file."""
    return tmp_path / "results" / "tiny" / "human" / "small-image" / "p1.jsonl"


@pytest.fixture
def person(monkeypatch):
    """Return a function that lets somebody answer A to so many steps over HTTP, and then press Ctrl-C."""

    def answer(server, steps):
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=30)
        connection.request("GET", "/step")
        step = json.loads(connection.getresponse().read())
        for _ in range(steps):
            reply = {"number": step["number"], "milliseconds": 800}
            reply["letter"] = None if step["phase"] == "study" else "A"
            connection.request("POST", "/answer", json.dumps(reply), {"Content-Type": "application/json"})
            step = json.loads(connection.getresponse().read())["step"]
            if step["phase"] == "done":
                break
        connection.close()
        server.shutdown()

    def come(steps=1000, stopped=False):
        def serve(server):
            thread = Thread(target=answer, args=(server, steps))
            thread.start()
            serve_forever(server, 0.01)
            thread.join()
            if stopped:
                raise KeyboardInterrupt

        monkeypatch.setattr(PageServer, "serve_forever", serve)

    return come


def test_a_person_answers_everything_and_the_table_is_printed(ask, human, answers, person, capsys):
    person()
    assert ask("--practice", "0", "--scenes", "24") == 0
    out, err = capsys.readouterr()
    assert "open http://127.0.0.1:" in err
    assert f"all answers are in {answers}" in err
    assert "## small-image\n\n### People" in out
    assert "| p1 " in out
    assert len(answers.read_text().splitlines()) == 1 + 12 + 24
    assert ask() == 0
    again = capsys.readouterr()
    assert f"p1 has answered all of small-image: {answers}" in again.err
    assert again.out == out
    assert human("--summary") == 0
    assert capsys.readouterr().out == out


def test_the_same_command_goes_on_with_the_numbers_of_before(ask, answers, person, stderr):
    person(20, stopped=True)
    assert ask("--practice", "3", "--scenes", "24", "--classes", "2") == 130
    assert f"stopped; answers are in {answers}; the same command goes on with them" in stderr()
    assert len(answers.read_text().splitlines()) == 21
    assert ask("--scenes", "30") == 2
    assert "were given with scenes 24, not 30; leave out the flags to go on" in stderr()
    person()
    assert ask() == 0
    assert json.loads(answers.read_text().splitlines()[0])["practice"] == 4
    assert len(answers.read_text().splitlines()) == 1 + 8 + 4 + 24


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--annotator p1", "--task is missing; name one, or print what there is with --summary"),
        ("--task small-image", "--annotator is missing"),
        ("--task smal-image --annotator p1", "suite tiny has no task 'smal-image'; did you mean small-image"),
        ("--task small-image --annotator ../x", "argument --annotator: '../x' is no name of a file"),
        (f"--task small-image --annotator {'x' * 41}", "use 1 to 40 letters"),
        ("--task small-image --annotator p1 --port 65536", "argument --port: must be 0 to 65,535, not '65536'"),
        ("--task small-image --annotator p1 --port 0000000099999999", "--port: must be 0 to 65,535, not '0000000099"),
        ("--task small-image --annotator p1 --practice x", "argument --practice: must be 0 to 400, not 'x'"),
        ("--task small-image --annotator p1 --classes 4", "--classes 4: scenario small allows 2 to 3"),
        ("--task small-image --annotator p1 --scenes 9", "3 scenes of a class are too few for the 4"),
        ("--task small-image --annotator p1 --world 1", "--world 1: task small-image has one world; leave it out"),
        ("--summary", "has no answers to suite tiny; run spurgen human without --summary"),
        ("--summary --annotator p1 --port 0", "--annotator, --port: no effect with --summary; leave it out"),
        ("--summary --task small-text", "has no answers to small-text; run spurgen human without --summary"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_written(human, tmp_path, stderr, flags, message):
    assert human(*flags.split()) == 2
    assert message in stderr()
    assert not (tmp_path / "results").exists()


def test_a_damaged_file_is_named(ask, answers, stderr):
    answers.parent.mkdir(parents=True)
    answers.write_text("{}\n")
    assert ask() == 2
    assert f"cannot read the answers {answers}: line 1: " in stderr()


@pytest.fixture
def board(suite_file, suite, make_outcome, keep_row, baseline, tmp_path):
    """Return a function that writes the leaderboard's files and returns their texts: JSON, Markdown, CSV."""
    for label, quality in (("erm", 0.6), ("other", 0.8)):
        fields = baseline if label == "erm" else {}
        outcomes = [make_outcome(suite, quality, seed, task="small-text", **fields) for seed in range(5)]
        keep_row(tmp_path / "results", *outcomes, label=label)

    def write():
        files = [tmp_path / f"board.{kind}" for kind in ("json", "md", "csv")]
        flags = [
            word for file, flag in zip(files, ("json", "markdown", "csv"), strict=True) for word in (f"--{flag}", file)
        ]
        line = ["leaderboard", "--all", "--suite", suite_file, "--results", tmp_path / "results", *flags]
        assert main([*map(str, line)]) == 0
        return tuple(file.read_text() for file in files)

    return write


def test_people_are_a_block_of_the_board_and_move_nobody(board, human, person, capsys):
    before, before_text, before_csv = board()
    assert json.loads(before)["people"] == {}
    assert "People" not in before_text
    person()
    for task in ("small-text", "small-both"):
        human("--task", task, "--annotator", "p1", "--practice", "0", "--scenes", "24")
    capsys.readouterr()
    after, text, table = board()
    record = json.loads(after)
    assert {key: value for key, value in record.items() if key != "people"} == {
        key: value for key, value in json.loads(before).items() if key != "people"
    }
    assert table == before_csv
    assert list(record["people"]) == ["small-text", "small-both"]
    (row,) = record["people"]["small-text"]["rows"]
    assert (row["annotator"], row["classes"], row["answers"], row["attentive"]) == ("p1", 3, 24, False)
    assert row["robust_accuracy"] == pytest.approx(1 / 3)
    low, high = row["robust_accuracy_ci"]
    assert low < 1 / 3 < high
    assert row["follows_channel"].keys() == row["follows_channel_ci"].keys() == {"color", "background"}
    assert row["patterns"].keys() == {"aa", "ca", "ac", "cc"}
    assert record["people"]["small-text"]["mean"] is None
    of_text, of_both = text.split("## small-both\n")
    assert of_text.index("| other ") < of_text.index("### People") < of_text.index("| p1 ")
    assert of_both.lstrip().startswith("### People")
    printed = capsys.readouterr().out
    assert printed.count("### People") == 2


def test_a_board_may_have_people_alone(suite_file, human, person, tmp_path, capsys):
    person()
    human("--task", "small-text", "--annotator", "p1", "--practice", "0", "--scenes", "24")
    capsys.readouterr()
    assert main(["leaderboard", "--suite", suite_file, "--results", str(tmp_path / "results")]) == 0
    out = capsys.readouterr().out
    assert "## small-text\n\n### People" in out
    assert "small-image" not in out
