import json

import pytest

from spurgen.harness.board.overview import overview_table
from spurgen.harness.cli import main
from spurgen.harness.commands.leaderboard import BEGIN, END

HEAD, TAIL = "# Zwölf\r\n\r\nBefore.\n", "\r\nAfter: <!-- a comment -->\n\n"


@pytest.fixture
def rebuild(suite_file, suite, make_cell, keep_cell, tmp_path):
    """Returns a function that runs the command on the rows of two methods, of one and of two tasks."""
    for label, quality, tasks in (("good", 0.95, ("small-text", "small-image")), ("poor", 0.7, ("small-text",))):
        for cell in (make_cell(suite, quality, task=task) for task in tasks):
            keep_cell(tmp_path / "results", cell, label)
    return lambda *flags: main(["leaderboard", "--suite", suite_file, "--results", str(tmp_path / "results"), *flags])


@pytest.mark.parametrize("before", ["", "\n", "\r\n**old**\r\n\r\n| Rank |\n"])
def test_the_readmes_section_is_renewed_and_the_rest_stays_byte_for_byte(rebuild, tmp_path, before):
    readme = tmp_path / "README.md"
    readme.write_bytes(f"{HEAD}{BEGIN}{before}{END}{TAIL}".encode())
    for _ in range(2):
        assert rebuild("--readme", str(readme)) == 0
        table = overview_table(json.loads((tmp_path / "leaderboard-tiny.json").read_text()))
        assert readme.read_bytes() == f"{HEAD}{BEGIN}\n{table}\n{END}{TAIL}".encode()


def test_the_readmes_table_has_what_the_board_has(rebuild, read_table, tmp_path):
    (tmp_path / "README.md").write_text(f"{BEGIN}\n{END}")
    rebuild("--readme", str(tmp_path / "README.md"))
    board = json.loads((tmp_path / "leaderboard-tiny.json").read_text())["tasks"]
    lines = read_table((tmp_path / "README.md").read_text().removeprefix(BEGIN).removesuffix(END).strip())
    assert [line["Submission"] for line in lines] == ["good", "poor"]
    for task in ("small-image", "small-text"):
        shown = {line["Submission"]: float(line[task].partition(" ")[0]) for line in lines if line[task]}
        assert shown == {row["submission"]: pytest.approx(row["wga"], abs=0.005) for row in board[task]["rows"]}


def test_the_board_is_printed_and_told_where_it_is(rebuild, tmp_path, capsys):
    assert rebuild() == 0
    streams = capsys.readouterr()
    assert f"wrote {tmp_path / 'leaderboard-tiny'}.md, .csv and .json" in streams.err
    assert all(f"## {task}\n" in streams.out for task in ("small-image", "small-text"))
    assert "small-both" not in streams.out  # nobody ran it
    assert not (tmp_path / "README.md").exists()
