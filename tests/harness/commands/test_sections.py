import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.cli import main
from spurgen.harness.commands._sections import renew
from spurgen.harness.commands.leaderboard import BEGIN, END


def test_all_around_the_section_stays_byte_for_byte(tmp_path):
    file, link = tmp_path / "file.md", tmp_path / "link.md"
    link.symlink_to(file)
    file.write_bytes("ä\r\n<a>old\n</a>\r\n<a> and </a> tail\n\n".encode())
    for _ in range(2):
        renew(link, "<a>", "</a>", "new")
        assert file.read_bytes() == "ä\r\n<a>\nnew\n</a>\r\n<a> and </a> tail\n\n".encode()
    assert link.is_symlink()


@pytest.mark.parametrize("text", ["plain\n", f"{BEGIN}\n", f"{END}\n", f"{END}\n{BEGIN}\n"])
@pytest.mark.parametrize("command", ["leaderboard --readme", "calibrate --out"])
def test_a_file_without_its_markers_is_refused_before_anything_is_done(
    suite_file, tmp_path, monkeypatch, stderr, text, command
):
    monkeypatch.setattr("spurgen.harness.commands.leaderboard.write_leaderboard", None)
    monkeypatch.setattr("spurgen.harness.commands.calibrate.plan", None)
    rows = tmp_path / "results"
    (rows / "tiny" / "model").mkdir(parents=True)
    (rows / "tiny" / "model" / "row.json").write_text("{}")
    (tmp_path / "README.md").write_text(text)
    name, flag = command.split()
    assert main([name, flag, str(tmp_path / "README.md"), "--suite", suite_file, "--results", str(rows)]) == 2
    what = "leaderboard" if name == "leaderboard" else "table"
    assert f"README.md has no line '<!-- {what}: begin -->' followed by '<!-- {what}: end -->'" in stderr()
    assert (tmp_path / "README.md").read_text() == text


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SpurgenError, match=r"cannot read .*none.md: No such file or directory"):
        renew(tmp_path / "none.md", "<a>", "</a>", "new")


@pytest.mark.parametrize("made", [[], ["results"], ["results", "results/other/model/row.json"]])
def test_no_board_is_written_where_there_are_no_rows(suite_file, tmp_path, stderr, made):
    for name in made:
        (tmp_path / name).mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    assert main(["leaderboard", "--suite", suite_file, "--results", str(tmp_path / "results")]) == 2
    told = stderr()
    assert "results holds no rows of suite tiny; run spurgen benchmark, or give --results the folder of rows" in told
    assert sorted(tmp_path.rglob("*")) == before


def test_the_help_says_where_the_board_goes(capsys):
    with pytest.raises(SystemExit):
        main(["leaderboard", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "beside which leaderboard.md, .csv and .json are written, leaderboard-SUITE.* of a suite other" in told
