"""The check of reading N between rungs: judged on planted heights, and measured on a small ladder."""

import between
import ladders
import pytest

from spurgen.harness.cli import run_script

RUNGS = {0: 0.1, 8: 0.2, 32: 0.6, 128: 0.8}


def judged(*heights):
    return between.judge("x", {"erm": (RUNGS, dict(zip((16, 64), heights, strict=True)))}, 0.8)


def test_heights_as_read_between_rungs_change_nothing():
    (line,), ((_, found, met),) = judged(0.4, 0.7)
    assert (line["m = 16"], line["N"], line["N of all"]) == ("0.400 (0.400)", "32", "32")
    assert (found, met) == ("erm: 0%", True)


def test_a_higher_rung_between_lowers_the_number():
    (line,), ((_, found, met),) = judged(0.61, 0.7)
    assert (line["m = 16"], line["N of all"]) == ("0.610 (0.400)", "16")
    assert (found, met) == ("erm: 50%", False)


def test_a_number_beyond_the_ladder_alone_misses_the_rule():
    low = {0: 0.1, 8: 0.2, 32: 0.3, 128: 0.55}
    _, ((_, found, met),) = between.judge("x", {"dfr": (low, {16: 0.25, 64: 0.75})}, 0.8)
    assert (found, met) == ("dfr: one is beyond the ladder", False)


@pytest.mark.usefixtures("words")
def test_the_rungs_between_are_trained(ladder_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ladders.pool, "run", lambda work, jobs, _=None: ((job, work(job)) for job in jobs))
    asked = ["--suite", ladder_file, "--ladders", "few-text", "--methods", "erm", "--seeds", "100-101"]
    run_script(between, [*asked, "--out", str(tmp_path / "known.json")])
    shown = capsys.readouterr().out
    assert "| m = 8 " in shown
    assert "rungs between change N by at most 15%" in shown
