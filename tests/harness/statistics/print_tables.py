"""Print the tables of docs/simulations.md: `python tests/harness/statistics/print_tables.py [BOARDS]`.

A part alone: `print_tables.py 1000 claims`, with the name of a function below.
"""

import sys
from itertools import product
from pathlib import Path

import numpy as np
from simulated_boards import (
    PROFILES,
    ceiling_board,
    claims_about_a_further_row,
    claims_against_erm,
    coverage,
    failing_board,
    failing_coverage,
    false_claims,
    half_failing_board,
    measured_spread,
    null_board,
    power,
    rates_of_pairs,
    recovery_coverage,
    two_faced_board,
    two_level_board,
)
from simulated_minima import BIAS_PROFILES, COMPOSITE, MOLE, corrected_coverage, of_patterns, robust_bias, wga_bias

from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.by_unit import RANKED_BY, TaskValues, group_sizes
from spurgen.harness.results.rows import on_task
from spurgen.harness.results.store import Store

RESULTS = Path(__file__).parents[3] / "benchmark" / "results"
ROWS = (6, 12, 27)
MAIN = ("composite-text", "composite-image", "composite-multimodal")
MEANS = {".5": (0.5,), ".1 and .9": (0.1, 0.9)}


def rows_of(suite_name):
    """Return robust accuracy by world of every baseline with five results, on each task: float64 (R, 5)."""
    return {task: np.array([*rows.values()]) for task, rows in labelled_rows(suite_name).items()}


def labelled_rows(suite_name):
    """Return robust accuracy by world, float64 (5,), of every baseline with five results, by task and label."""
    suite = load_suite(suite_name)
    rows, by_task = Store(RESULTS, suite_name).rows(), {}
    for name, task in suite.tasks.items():
        ours = {label: row for label, row in on_task(rows, name).items() if is_baseline_row(row)}
        values = TaskValues(task, group_sizes(task)).by_label(ours, RANKED_BY)
        full = {label: row for label, row in values.items() if len(row) == 5}
        if len(full) > 2:
            by_task[name] = full
    return by_task


def table(*columns):
    print(f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def line(*cells):
    print(f"| {' | '.join(cells)} |", flush=True)


def span(rates):
    return f"{min(rates):.1%} to {max(rates):.1%}" if len(rates) > 1 else f"{rates[0]:.1%}"


def spread_line(rows):
    """Return the cells of a task's line in the table of spreads."""
    centre, mean_square, unequal, still = measured_spread(rows)
    figures = (f"{centre:.3f}", f"{mean_square:.3f}", f"{unequal:.2f}")
    return [str(len(rows)), *(figure.removeprefix("0") for figure in figures), str(still)]


def spread(boards):  # noqa: ARG001
    table("rows of", "rows", "centre", "root mean square", "unequal", "rows that do not vary")
    for name, rows in rows_of("v2").items():
        line(f"v2, {name}", *spread_line(rows))


def claims(boards):
    table("board", *(f"{rows} rows" for rows in ROWS))
    for unequal, (words, means) in product((0.0, 0.35, 0.5, 0.7, 1.0, 1.5), MEANS.items()):
        cells = [
            span([false_claims(null_board(rows, m, s, unequal), boards) for m in means for s in (0.03, 0.05, 0.1)])
            for rows in ROWS
        ]
        line(f"means {words}, deviations .03, .05, .1; unequal ({unequal})", *cells)
    for words, means in MEANS.items():
        settings = list(product(means, (0.03, 0.05, 0.1)))
        cells = [span([false_claims(null_board(n, m, s, 1.5), boards, plain=True) for m, s in settings]) for n in ROWS]
        line(f"means {words}, deviations .03, .05, .1; unequal (1.5), by a plain t-test", *cells)
    for name, rows in rows_of("v2").items():
        centre, _, unequal, _ = measured_spread(rows)
        for words, means in MEANS.items():
            cells = [span([false_claims(null_board(n, m, centre, unequal), boards) for m in means]) for n in ROWS]
            line(f"means {words}, spread of v2's {name}", *cells)
    others = {
        "half at .36 and steady, half at 1.00, which fail (.5) in 10 % of worlds": two_level_board,
        "half at 1.00, half at .9": ceiling_board,
        "rows of five means, one kind at .98 or .54 by chance": two_faced_board,
    }
    for chance in (0.1, 0.2, 0.3):
        others[f"at 1.00, fails in {chance:.0%} of worlds"] = lambda rows, c=chance: failing_board(rows, c)
    for chance in (0.1, 0.2, 0.3):
        words = f"half fall to .6 in {chance:.0%} of worlds, half are steady at the same mean, {1 - 0.4 * chance:.2f}"
        others[words] = lambda rows, c=chance: half_failing_board(rows, c)
    for words, board in others.items():
        line(words, *(f"{false_claims(board(rows), boards):.1%}" for rows in ROWS))
    for unequal in (0.4, 1.0, 1.5):
        rates = [claims_about_a_further_row(boards, rows, unequal=unequal) for rows in ROWS]
        line(f"a further row; mean .5, deviation .08, unequal ({unequal})", *(f"{rate:.1%}" for rate in rates))


def against_erm(boards):
    table("board", *(f"{rows} rows" for rows in ROWS), "of two, 27 rows")
    settings = {f"unequal ({unequal}); deviation .05": (0.05, unequal) for unequal in (0.0, 0.35, 1.0, 1.5)}
    for name, rows in rows_of("v2").items():
        centre, _, unequal, _ = measured_spread(rows)
        settings |= {f"spread of v2's {name}": (centre, unequal)} if len(rows) == ROWS[-1] else {}
    for (words, (centre, unequal)), (at, means) in product(settings.items(), MEANS.items()):
        drawn = [[claims_against_erm(null_board(n, m, centre, unequal), boards) for m in means] for n in ROWS]
        cells = [span([any_row for any_row, _ in rates]) for rates in drawn]
        line(f"mean {at}; {words}", *cells, span([of_two for _, of_two in drawn[-1]]))
    for chance in (0.1, 0.2, 0.3):
        drawn = [claims_against_erm(half_failing_board(rows, chance), boards) for rows in ROWS]
        words = f"half fall to .6 in {chance:.0%} of worlds, half are steady at the same mean"
        line(words, *(f"{any_row:.1%}" for any_row, _ in drawn), f"{drawn[-1][1]:.1%}")


def powers(boards):
    table("deviation at .5, unequal", ".05", ".10", ".15", ".20", "all of 351 pairs", "all of 15 pairs")
    settings = {f"{s}, {u}": (s, u) for s, u in product((0.03, 0.05, 0.1), (0.35, 0.5, 1.0, 1.5))}
    for name, rows in rows_of("v2").items():
        centre, _, unequal, _ = measured_spread(rows)
        settings[f"{name}: {centre:.3f}, {unequal:.2f}"] = centre, unequal
    for words, (deviation, unequal) in settings.items():
        rates, every = power(deviation, unequal, boards // 5)
        few = rates_of_pairs(deviation, unequal, boards // 5, 6)[1].mean()
        line(words, *(f"{rate:.0%}" for rate in [*rates, every, few]))


def covered(boards):
    table("interval of", *(f"{rows} rows" for rows in ROWS))
    rates = [coverage(boards, rows) for rows in ROWS]
    for name in rates[0]:
        line(name, *(f"{each[name]:.1%}" for each in rates))
    table("interval of", *MAIN)
    rates = [coverage(boards, ROWS[-1], *stored_profiles(task)) for task in MAIN]
    for name in rates[0]:
        line(name, *(f"{each[name]:.1%}" for each in rates))
    rates = [recovery_coverage(boards // 4, rows) for rows in ROWS]
    for name in rates[0]:
        line(f"gap recovered by {name}: t; bootstrap", *(f"{t:.1%}; {b:.1%}" for t, b in (r[name] for r in rates)))
    table("a row at 1.00 that falls to", "in this share of worlds", "covered", "falls in none of five worlds")
    for low, chance in ((0.6, 0.1), (0.54, 0.2), (0.6, 0.3), (0.5, 0.5)):
        line(f"{low}", f"{chance:.0%}", *(f"{rate:.0%}" for rate in failing_coverage(low, chance, boards)))


def stored_profiles(task):
    """Return mean and deviation of v2's four rows on a task, by label, and how the deviations of all are spread.

    A row that is at 1.00 in every world is taken to be at .9995, with a deviation of .0005.
    """
    rows = labelled_rows("v2")[task]
    centre, _, unequal, _ = measured_spread([*rows.values()])
    profiles = {
        name: (min(float(rows[name].mean()), 0.9995), max(float(rows[name].std(ddof=1)), 0.0005)) for name in PROFILES
    }
    return profiles, centre, unequal


def minima(boards):
    table("true accuracies", "WGA", "corrected", "twice the WGA less the bootstrap's mean")
    for words, (accuracies, sizes) in BIAS_PROFILES.items():
        line(words, *(f"{bias:+.3f}" for bias in wga_bias(accuracies, sizes)))
    table("true accuracies by pattern", "bias of robust accuracy: 8 patterns", "hidden-mole: 32 patterns")
    eight, many = np.array([500] * 7 + [4000]), np.full(32, 250)
    for words, levels in pattern_profiles().items():
        line(words, f"{robust_bias(levels(8), eight):+.3f}", f"{robust_bias(levels(32), many):+.3f}")
    table("true accuracies by pattern; deviation at .5", "bias", "covered", "hidden-mole: bias", "covered")
    for (words, levels), deviation in product(pattern_profiles().items(), (0.02, 0.05)):
        cells = []
        for sizes in (COMPOSITE, MOLE):
            accuracies = of_patterns(levels(len(sizes) // 10), sizes)
            bias, rate = corrected_coverage(accuracies, sizes, deviation, boards // 4)
            cells += [f"{bias:+.3f}", f"{rate:.1%}"]
        line(f"{words}; {deviation}", *cells)


def pattern_profiles():
    """Return functions from the number of patterns to their true accuracies; the last pattern is all conflicting."""
    return {
        ".998 everywhere": lambda count: np.full(count, 0.998),
        ".85 everywhere": lambda count: np.full(count, 0.85),
        ".36 everywhere": lambda count: np.full(count, 0.36),
        "from .95 down to .36": lambda count: np.linspace(0.95, 0.36, count),
        ".36 once, else .85": lambda count: np.r_[np.full(count - 1, 0.85), 0.36],
    }


PARTS = (spread, claims, against_erm, powers, covered, minima)


def main(boards=1000, *names):
    for part in PARTS:
        if not names or part.__name__ in names:
            part(int(boards))


if __name__ == "__main__":
    main(*sys.argv[1:])
