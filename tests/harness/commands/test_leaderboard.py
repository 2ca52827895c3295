import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest

from spurgen.harness.cli import main
from spurgen.harness.commands.leaderboard import BEGIN, END
from spurgen.harness.results.store import TRICKS, Store


@pytest.fixture
def results(suite, make_outcome, keep_row, as_baseline, tmp_path):
    """A folder with the rows of two of our methods, of two tasks and of one."""
    for label, quality, tasks in (("group_dro", 0.95, ("small-text", "small-image")), ("erm", 0.7, ("small-text",))):
        ours = as_baseline(label)
        outcomes = [make_outcome(suite, quality, seed, task=task, **ours) for task in tasks for seed in range(5)]
        keep_row(tmp_path / "results", *outcomes, label=label)
    return tmp_path / "results"


@pytest.fixture
def leaderboard(suite_file, results):
    """Return a function that runs the command on those rows; two tasks are main ones."""
    text = Path(suite_file).read_text()
    for modality in ("image", "text"):
        text = text.replace(f'modality = "{modality}"', f'modality = "{modality}", role = "main"')
    Path(suite_file).write_text(text)
    return lambda *flags: main(["leaderboard", "--suite", suite_file, "--results", str(results), *flags])


def test_the_readmes_table_has_the_robust_accuracy_of_the_main_tasks(leaderboard, read_table, tmp_path):
    readme, file = tmp_path / "README.md", tmp_path / "board.json"
    readme.write_text(f"{BEGIN}\n{END}")
    leaderboard("--page", str(readme), "--json", str(file))
    lines = read_table(readme.read_text().removeprefix(BEGIN).removesuffix(END).strip())
    assert [line["Submission"] for line in lines] == ["Group DRO", "ERM"]
    for task, part in json.loads(file.read_text())["tasks"].items():
        shown = {line["Submission"]: float(line[task].partition(" ")[0]) for line in lines if line[task]}
        rows = pd.DataFrame(part["rows"], columns=part["columns"]).set_index("submission")
        assert shown == pytest.approx(
            rows["robust_accuracy"].rename({"group_dro": "Group DRO", "erm": "ERM"}).to_dict(), abs=0.005
        )


def test_the_board_is_printed_and_written_only_to_the_named_files(leaderboard, tmp_path, capsys):
    before = set(tmp_path.rglob("*"))
    assert leaderboard("--all") == 0
    out = capsys.readouterr().out
    assert all(f"## {task}\n" in out for task in ("small-image", "small-text"))
    assert "small-both" not in out  # it has no rows
    assert set(tmp_path.rglob("*")) == before
    files = {kind: tmp_path / "new" / kind for kind in ("markdown", "csv", "json")}
    assert leaderboard(*(word for kind, file in files.items() for word in (f"--{kind}", str(file)))) == 0
    message = " ".join(capsys.readouterr().err.split())
    for file in files.values():
        assert file.stat().st_size
        assert f"wrote {file}" in message


def test_by_default_one_board_is_printed_and_the_flags_for_others_are_named(leaderboard, capsys):
    assert leaderboard() == 0
    out, err = capsys.readouterr()
    assert "SpurGen tiny: small-image\n" in out
    assert "small-text" not in out
    assert "Manifest" not in out
    assert max(map(len, out.splitlines())) <= 80
    assert err.splitlines()[-1] == "other boards: --tasks small-image small-text ...; all 2: --all"


def test_a_file_that_did_not_change_is_not_written_again(leaderboard, tmp_path, stderr):
    file, page = tmp_path / "board.csv", tmp_path / "README.md"
    page.write_text(f"{BEGIN}\n{END}")
    flags = ("--csv", str(file), "--page", str(page))
    leaderboard(*flags)
    assert f"wrote {file}" in stderr()
    before = {path: path.stat().st_ino for path in (file, page)}
    leaderboard(*flags)
    message = stderr()
    assert f"{file} is up to date" in message
    assert f"{page} is up to date" in message
    assert {path: path.stat().st_ino for path in before} == before
    file.write_text("another")
    leaderboard(*flags)
    assert f"wrote {file}" in stderr()


def test_a_users_rows_are_marked_and_those_of_the_examples_that_come_with_spurgen_are_not(
    suite, make_outcome, keep_row, leaderboard, results, capsys
):
    for label in ("keywords", "my-model"):
        keep_row(results, make_outcome(suite, 0.9, 0, task="small-text"), label=label)
    leaderboard("--all")
    out = capsys.readouterr().out
    assert "> my-model" in out
    assert ">: your row" in " ".join(out.split())
    assert "> keywords" not in out
    assert "keywords" in out


def test_tasks_can_be_chosen(leaderboard, capsys, stderr):
    assert leaderboard("--tasks", "small-text") == 0
    out = capsys.readouterr().out
    assert "## small-text" in out
    assert "## small-image" not in out
    assert leaderboard("--tasks", "small-texts") == 2
    assert "small-texts" in stderr()


@pytest.mark.parametrize("flags", [("--csv", "--json"), ("--markdown", "--page")])
def test_a_file_is_written_once(leaderboard, tmp_path, stderr, flags):
    file = tmp_path / "board"
    assert leaderboard(flags[0], str(file), flags[1], str(tmp_path / "folder" / ".." / "board")) == 2
    assert re.search(f"{flags[0]} and {flags[1]} both name .*; name another file for one of them", stderr())
    assert not file.exists()


def test_own_rows_that_hide_others_are_named(leaderboard, suite, make_outcome, keep_row, tmp_path, monkeypatch, stderr):
    shipped = tmp_path / "shipped"
    keep_row(shipped, make_outcome(suite, 0.9), label="erm")
    monkeypatch.setattr("spurgen.harness.results.store.SHIPPED", shipped)
    leaderboard()
    folder = tmp_path / "results" / "tiny"
    assert stderr().startswith(f"{folder}: used instead of the rows of that name that come with spurgen: erm ")


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ("tiny.toml", "argument --results: tiny.toml is not a folder"),
        ("s3://b/rows", "s3://b/rows is a URL; name a folder on this machine"),
        ("none", "none has no rows of suite tiny; run spurgen benchmark, or name the folder of rows by --results"),
        ("empty", "empty has no rows of suite tiny; run spurgen benchmark, or name the folder of rows by --results"),
    ],
)
def test_no_board_is_written_where_there_are_no_rows(suite_file, monkeypatch, stderr, results, message):
    folder = Path(suite_file).parent
    monkeypatch.chdir(folder)
    (folder / "empty" / "other").mkdir(parents=True)
    assert main(["leaderboard", "--suite", "tiny.toml", "--results", results, "--markdown", "board.md"]) == 2
    assert message in stderr()
    assert not Path("board.md").exists()


def test_nothing_is_merged_if_the_command_is_refused(leaderboard, suite, make_outcome, tmp_path, unwritable, stderr):
    result, samples = make_outcome(suite, 0.5)
    for name, identity in (("a", result.identity), ("b", "f" * 64)):
        Store(tmp_path / name, "tiny").add("mine", result.model_copy(update={"identity": identity}), samples)
    (page := tmp_path / "page.md").write_text("no place for a table")
    both = ["--merge", str(tmp_path / "a"), "--merge", str(tmp_path / "b")]
    out, alone = ["--results", str(tmp_path / "out")], both[:2]
    for flags, message in (
        ([*out, *alone, "--tasks", "small-texts"], "small-texts"),
        ([*out, *alone, "--page", str(page)], "page.md"),
        ([*out, *both], "two different results of seed 0"),
        (["--results", str(unwritable), *alone], "choose another --results"),
    ):
        assert leaderboard(*flags) == 2
        assert message in stderr()
        assert not (tmp_path / "out").exists()
    assert leaderboard(*out, *alone) == 0
    assert "folders 1, rows 1" in stderr()


def test_merging_rows_of_controls_alone_is_no_error(leaderboard, suite, make_outcome, tmp_path, stderr):
    Store(tmp_path / "share", "tiny", TRICKS).add("mine", *make_outcome(suite, 0.5))
    assert leaderboard("--results", str(tmp_path / "out"), "--merge", str(tmp_path / "share")) == 0
    assert "folders 1, rows 1 no board: suite tiny has no public rows yet" in stderr()


@pytest.fixture
def my_row(suite, make_outcome, keep_row, results):
    """A row of the user's on a task."""
    keep_row(results, *(make_outcome(suite, 0.9, seed, task="small-image") for seed in range(5)), label="mine")


@pytest.mark.usefixtures("my_row")
def test_without_a_terminal_the_text_is_plain_and_always_the_same(leaderboard, capsys, monkeypatch):
    leaderboard()
    before = capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    leaderboard()
    assert capsys.readouterr().out == before
    assert "\x1b" not in before
    assert "> mine" in before
    assert "> group_dro" not in before
    assert " IG " not in before
    leaderboard("--wide")
    assert " IG " in capsys.readouterr().out


@pytest.mark.usefixtures("my_row")
def test_a_terminals_width_and_colours_are_used(leaderboard, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.fileno", lambda: 1)
    monkeypatch.setattr("os.get_terminal_size", lambda *_: os.terminal_size((48, 24)))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    leaderboard()
    coloured = capsys.readouterr().out
    assert "\x1b[" in coloured
    assert max(len(line) for line in coloured.splitlines() if "───" in line) <= 48
    monkeypatch.setenv("NO_COLOR", "1")
    leaderboard()
    assert "\x1b" not in capsys.readouterr().out
