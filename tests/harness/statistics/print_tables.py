"""Print the tables of docs/simulations.md: `python tests/harness/statistics/print_tables.py [BOARDS]`.

A part alone: `print_tables.py 1000 claims`, with the name of a function below.
"""

import sys
from itertools import product

import numpy as np
from simulated_boards import (
    ceiling_board,
    claims_about_a_further_row,
    claims_against_erm,
    coverage,
    failing_board,
    failing_coverage,
    false_claims,
    half_failing_board,
    null_board,
    power,
    rates_of_pairs,
    two_faced_board,
    two_level_board,
)
from simulated_minima import BIAS_PROFILES, EIGHT, MANY, corrected_coverage, of_patterns, robust_bias, wga_bias

ROWS = (6, 12, 28)
MEANS = {".5": (0.5,), ".2 and .8": (0.2, 0.8)}
SPREADS = (0.03, 0.05, 0.07)  # of v3's ladders: .034, .064 and .057


def table(*columns):
    print(f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def line(*cells):
    print(f"| {' | '.join(cells)} |", flush=True)


def span(rates):
    return f"{min(rates):.1%} to {max(rates):.1%}" if len(rates) > 1 else f"{rates[0]:.1%}"


def claims(boards):
    table("board", *(f"{rows} rows" for rows in ROWS))
    for unequal, (words, means) in product((0.0, 0.35, 1.0), MEANS.items()):
        cells = [
            span([false_claims(null_board(rows, m, s, unequal), boards) for m in means for s in SPREADS])
            for rows in ROWS
        ]
        line(f"means {words}, deviations .03, .05, .07; unequal ({unequal})", *cells)
    for words, means in MEANS.items():
        settings = list(product(means, SPREADS))
        cells = [span([false_claims(null_board(n, m, s, 1.0), boards, plain=True) for m, s in settings]) for n in ROWS]
        line(f"means {words}, deviations .03, .05, .07; unequal (1.0), by a plain t-test", *cells)
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
    for unequal in (0.4, 1.0):
        rates = [claims_about_a_further_row(boards, rows, unequal=unequal) for rows in ROWS]
        line(f"a further row; mean .5, deviation .055, unequal ({unequal})", *(f"{rate:.1%}" for rate in rates))


def against_erm(boards):
    table("board", *(f"{rows} rows" for rows in ROWS), "of two, 28 rows")
    settings = {f"unequal ({unequal}); deviation .05": (0.05, unequal) for unequal in (0.0, 0.35, 1.0)}
    for (words, (centre, unequal)), (at, means) in product(settings.items(), MEANS.items()):
        drawn = [[claims_against_erm(null_board(n, m, centre, unequal), boards) for m in means] for n in ROWS]
        cells = [span([any_row for any_row, _ in rates]) for rates in drawn]
        line(f"mean {at}; {words}", *cells, span([of_two for _, of_two in drawn[-1]]))
    for chance in (0.1, 0.2, 0.3):
        drawn = [claims_against_erm(half_failing_board(rows, chance), boards) for rows in ROWS]
        words = f"half fall to .6 in {chance:.0%} of worlds, half are steady at the same mean"
        line(words, *(f"{any_row:.1%}" for any_row, _ in drawn), f"{drawn[-1][1]:.1%}")


def powers(boards):
    table("deviation at .5, unequal", ".05", ".10", ".15", ".20", "all of 378 pairs", "all of 15 pairs")
    settings = {f"{s}, {u}": (s, u) for s, u in product(SPREADS, (0.0, 0.35, 1.0))}
    for words, (deviation, unequal) in settings.items():
        rates, every = power(deviation, unequal, boards // 5)
        few = rates_of_pairs(deviation, unequal, boards // 5, 6)[1].mean()
        line(words, *(f"{rate:.0%}" for rate in [*rates, every, few]))


def covered(boards):
    table("interval of", *(f"{rows} rows" for rows in ROWS))
    rates = [coverage(boards, rows) for rows in ROWS]
    for name in rates[0]:
        line(name, *(f"{each[name]:.1%}" for each in rates))
    table("a row at 1.00 that falls to", "in this share of worlds", "covered", "falls in none of ten worlds")
    for low, chance in ((0.6, 0.1), (0.54, 0.2), (0.6, 0.3), (0.5, 0.5)):
        line(f"{low}", f"{chance:.0%}", *(f"{rate:.0%}" for rate in failing_coverage(low, chance, boards)))


def minima(boards):
    table("true accuracies", "WGA", "corrected", "twice the WGA less the bootstrap's mean")
    for words, (accuracies, sizes) in BIAS_PROFILES.items():
        line(words, *(f"{bias:+.3f}" for bias in wga_bias(accuracies, sizes)))
    table("true accuracies", "bias of accuracy if misled: agree and mislead", "with neutral")
    two, three = np.array([500, 4000]), np.full(3, 400)
    for words, levels in pattern_profiles().items():
        line(words, f"{robust_bias(levels(2), two):+.3f}", f"{robust_bias(levels(3), three):+.3f}")
    table("true accuracies by pattern; deviation at .5", "bias", "covered", "32 patterns: bias", "covered")
    for (words, levels), deviation in product(pattern_profiles().items(), (0.02, 0.05)):
        cells = []
        for sizes in (EIGHT, MANY):
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


PARTS = (claims, against_erm, powers, covered, minima)


def main(boards=1000, *names):
    for part in PARTS:
        if not names or part.__name__ in names:
            part(int(boards))


if __name__ == "__main__":
    main(*sys.argv[1:])
