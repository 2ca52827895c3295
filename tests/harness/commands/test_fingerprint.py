"""`spurgen fingerprint` on a small ladder of a suite, on a scenario file and on a collection, in this process."""

import pytest

from spurgen.baselines.training import loop
from spurgen.harness.cli import main
from spurgen.harness.experiments import curves
from spurgen.harness.options import submissions

MINE = """
suite = "mine"
name = "mine"
seed = 3
worlds = 2
categories = ["animal", "food"]
rungs = [0, 8]
train = 48
val = 40
calibration_per_class = 8
test_per_class = 8
seen_per_class = 2
twins_per_class = 2
shortcuts = { hue = "caption" }
"""


@pytest.fixture
def printed(words, monkeypatch, tmp_path, capsys, read_table):
    """Return a function that prints fingerprints, and returns the lines of the table by ladder."""
    del words
    monkeypatch.setattr(loop, "MAX_ITERATIONS", 20)
    monkeypatch.setattr(curves.pool, "run", lambda work, jobs, *_: ((job, work(job)) for job in jobs))
    monkeypatch.setattr(submissions.features, "compute", lambda work, _: (len(each.features()) for each in work))
    monkeypatch.chdir(tmp_path)

    def run(*words):
        assert main(["fingerprint", *words]) == 0
        return {line["Ladder"]: line for line in read_table(capsys.readouterr().out.strip())}

    return run


def test_scenarios_and_collections_have_a_line_each_and_are_trained_once(printed, two_places, tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text(MINE)
    own = two_places(shown=False, strays=6, ceiling=1.0)
    lines = printed("mine.toml", own, "--seeds", "0-1")
    assert [*lines] == ["mine.toml", own]
    assert {line["Worlds"] for line in lines.values()} == {"2"}
    line = lines[own]
    assert line["Precision (by rung)"].endswith(f"({4 / 10:.2f}, {16 / 22:.2f})")
    assert (line["Recall"][:4], line["Ceiling"], line["N of ERM"]) == ("1.00", "1.00 (declared)", ">16")
    assert "(declared)" not in lines["mine.toml"]["Ceiling"]
    monkeypatch.setattr(curves, "climb", None)
    assert printed(own, "--seeds", "0-1") == {own: line}


def test_without_names_the_main_ladders_are_taken(printed, steps):
    assert [*printed("--suite", steps, "--seeds", "100")] == ["few"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.toml"], "cannot read the scenario file none.toml"),
        (["--ladders", "things-txt"], "there is no ladder 'things-txt'; did you mean things-text"),
        (["--ladders", "finetuned-length"], "finetuned-length trains whole encoders"),
    ],
)
def test_what_has_no_fingerprint_is_refused_before_any_work(words, message, nothing_runs, stderr):
    del nothing_runs
    assert main(["fingerprint", *words]) == 2
    assert message in stderr()


def test_draws_that_a_collection_lacks_and_a_changed_table_are_refused(two_places, nothing_runs, stderr, tmp_path):
    del nothing_runs
    path = two_places()
    assert main(["fingerprint", path, "--seeds", "0-2"]) == 2
    assert "places has the draws 0 to 1, but no 2" in stderr()
    other = two_places("other")
    (tmp_path / "other.npz").write_bytes(b"")
    assert main(["fingerprint", path, other]) == 2
    assert "other.npz was changed after it was written" in stderr()
