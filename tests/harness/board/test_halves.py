"""Two halves of a suite: means over ladders, places by the worse half, regret, and rows that lack a ladder."""

from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.board.formats import halves_markdown, overview_table, to_markdown
from spurgen.harness.board.halves import halves_lines
from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.board.text import to_text
from spurgen.harness.statistics.needed import Goal, bounded, geometric_mean, needed

GOAL = Goal((2, 8, 32, 128), 0.6)
HALVES = {"drawn": ("one",), "real": ("two", "three")}
ACCESS = {"erm": "none", "jtt": "none", "subg": "train_groups"}


def climbing(needs: float, worlds: int = 10, spread: float = 0.0) -> np.ndarray:
    """Curves that cross .6 at `needs` counterexamples on average, float64 (W, 4)."""
    above = np.log2(GOAL.rungs) - np.log2(needs)
    return 0.6 + 0.05 * above + spread * np.linspace(-1, 1, worlds)[:, None]


def lines(numbers: dict[str, dict[str, float]], **more: float) -> dict[str, dict]:
    """The lines by label; `numbers`: counterexamples needed by ladder and label."""
    curves = {ladder: {label: climbing(n, **more) for label, n in of.items()} for ladder, of in numbers.items()}
    made = halves_lines(HALVES, curves, dict.fromkeys(numbers, GOAL), ACCESS)
    return {line["submission"]: line for line in made}


NUMBERS = {
    "one": {"erm": 64, "jtt": 16, "subg": 8},
    "two": {"erm": 8, "jtt": 32, "subg": 4},
    "three": {"erm": 32, "jtt": 32, "subg": 16},
}


def test_a_half_has_the_geometric_mean_over_its_ladders():
    found = lines(NUMBERS)
    assert found["erm"]["needed_in.drawn"] == pytest.approx(64)
    assert found["erm"]["needed_in.real"] == pytest.approx(16)
    assert found["subg"]["needed_in.real_text"] == "8 [8, 8]"


def test_the_place_is_that_in_the_worse_half_of_a_tier():
    found = lines(NUMBERS)
    assert {label: line["place"] for label, line in found.items()} == {"erm": 2, "jtt": 2, "subg": 1}
    better = {**NUMBERS, "two": {"erm": 8, "jtt": 4, "subg": 4}}
    assert {label: line["place"] for label, line in lines(better).items()} == {"jtt": 1, "erm": 2, "subg": 1}
    assert list(lines(better)) == ["subg", "jtt", "erm"], "the best tier and row first"


def test_regret_is_that_on_the_worst_ladder():
    found = lines(NUMBERS)
    assert (found["erm"]["regret"], found["erm"]["regret_on"]) == (pytest.approx(4), "one")
    assert (found["jtt"]["regret"], found["jtt"]["regret_on"]) == (pytest.approx(4), "two")
    assert found["subg"]["regret"] == pytest.approx(1)
    assert (found["erm"]["regret_text"], found["subg"]["regret_text"]) == ("4.0 (one)", "1.0 (one)")
    bounds = lines({**NUMBERS, "one": {"erm": 64, "jtt": 1, "subg": 8}, "two": {"erm": 8, "jtt": 1000, "subg": 4}})
    assert [bounds[label]["regret_text"] for label in ("erm", "jtt")] == [">32.0 (one)", ">16.0 (two)"]


def test_the_interval_of_a_half_of_one_ladder_is_that_of_the_ladder():
    curves = climbing(20) + np.random.default_rng(0).normal(0, 0.05, (10, 1))
    alone = needed(curves, GOAL)
    mean = geometric_mean([bounded(curves, GOAL)])
    assert (float(mean.value), mean.interval) == (pytest.approx(alone.value), pytest.approx(alone.interval))
    assert mean.text == alone.text


def test_a_number_beyond_a_ladder_counts_as_its_end_and_says_so():
    ends = {"one": {"erm": 1000, "jtt": 1, "subg": 16}, "two": NUMBERS["two"], "three": {**NUMBERS["three"], "erm": 1}}
    found = lines(ends)
    assert found["erm"]["needed_in.drawn_text"] == ">128 [128, >128]"
    assert found["jtt"]["needed_in.drawn_text"] == "<=2 [<=2, 2]"
    both = geometric_mean([bounded(climbing(n), GOAL) for n in (1000, 1)])
    assert (float(both.value), both.below, both.above) == (pytest.approx(16), True, True)


def test_the_interval_of_a_place_is_that_of_its_replicates():
    close = {"one": {"erm": 20, "jtt": 19, "subg": 8}, "two": NUMBERS["one"], "three": NUMBERS["one"]}
    found = lines(close, spread=0.2)
    assert (found["erm"]["place_low"], found["erm"]["place_high"]) == (2, 2), "rows share the worlds of a replicate"
    few = lines(NUMBERS, worlds=4)
    assert "place_low" not in few["erm"]
    assert few["erm"]["needed_in.real_text"] == "16"


def test_the_readmes_table_is_of_the_halves_and_the_board_names_ladders_that_nobody_climbed(read_table):
    board = Leaderboard("tiny", "0", {}, {}, [*lines(NUMBERS).values()], ["four"])
    (row,) = read_table(overview_table(board, (), ("erm", "nobody")))
    assert (row["Submission"], row["N drawn"], row["N real"]) == ("ERM", "64 [64, 64]", "16 [16, 16]")
    assert (row["Given"], row["Regret"]) == ("labels alone", "4.0 (one)")
    for text in (to_markdown(board), to_text(board)):
        assert "Without four, which no row has climbed in all worlds." in " ".join(text.split())
    assert "Without" not in to_markdown(replace(board, empty=()))


def test_a_row_without_a_ladder_has_no_place():
    found = lines({**NUMBERS, "two": {"erm": 8, "subg": 4}})
    assert found["jtt"] == {"submission": "jtt", "access": "none", "reason": "no number on two"}
    assert found["erm"]["place"] == 1
    text = "\n\n".join(halves_markdown([*found.values()]))
    assert "### Access: none" in text
    assert "- jtt: no number on two" in text
    assert "| Place   | Submission   | N drawn" in text
