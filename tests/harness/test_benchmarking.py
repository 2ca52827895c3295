import pytest

from spurgen.harness.benchmarking import write_leaderboard
from spurgen.harness.board.rows import cell_file, write_cell


@pytest.mark.parametrize(("canonical", "stem"), [("tiny", "leaderboard"), ("v1", "leaderboard-tiny")])
def test_a_suite_of_ones_own_leaves_the_canonical_leaderboard_alone(
    suite, make_cell, tmp_path, monkeypatch, canonical, stem
):
    monkeypatch.setattr("spurgen.harness.benchmarking.CANONICAL", canonical)
    cell = make_cell(suite, 0.9)
    write_cell(cell_file(tmp_path / "results", "tiny", "model", cell.task, cell.seed, cell.identity), cell)
    board, written = write_leaderboard(suite, tmp_path / "results", tmp_path)
    assert board["tasks"][cell.task]["rows"]
    assert written == tmp_path / stem
    assert {path.name for path in tmp_path.glob("leaderboard*")} == {f"{stem}.{end}" for end in ("json", "csv", "md")}
