import os

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.cli import main
from spurgen.harness.commands.leaderboard import BEGIN, END
from spurgen.harness.options.printing import renew


def test_everything_around_the_section_stays_byte_for_byte(tmp_path):
    file, link = tmp_path / "file.md", tmp_path / "link.md"
    link.symlink_to(file)
    file.write_bytes("ä\r\n<a>old\n</a>\r\n<a> and </a> tail\n\n".encode())
    for _ in range(2):
        renew(link, "<a>", "</a>", "new")
        assert file.read_bytes() == "ä\r\n<a>\nnew\n</a>\r\n<a> and </a> tail\n\n".encode()
    assert link.is_symlink()


@pytest.mark.parametrize("text", ["plain\n", f"{BEGIN}\n", f"{END}\n", f"{END}\n{BEGIN}\n"])
def test_a_file_without_its_markers_is_refused_before_any_work(
    suite_file, suite, make_outcome, keep_row, tmp_path, monkeypatch, stderr, text
):
    monkeypatch.setattr("spurgen.harness.commands.leaderboard.build_board", None)
    keep_row(tmp_path / "results", make_outcome(suite, 0.9))
    file = tmp_path / "README.md"
    file.write_text(text)
    place = ["--suite", suite_file, "--results", str(tmp_path / "results")]
    assert main(["leaderboard", "--page", str(file), *place]) == 2
    assert f"README.md has no line {BEGIN!r} followed by {END!r}" in stderr()
    assert file.read_text() == text


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SpurgenError, match=r"cannot read .*none.md: No such file or directory"):
        renew(tmp_path / "none.md", "<a>", "</a>", "new")


def test_a_fifo_has_no_section(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SpurgenError, match=r"cannot read .*pipe: it is a FIFO"):
        renew(tmp_path / "pipe", "<a>", "</a>", "new")
