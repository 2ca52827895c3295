"""The two halves of a suite: counterexamples needed on its drawn and on its real ladders, and a place by the worse."""

from collections.abc import Mapping, Sequence

import numpy as np

from spurgen.harness.board.columns import NEEDED_IN, Record, with_ends
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.statistics.needed import Bounded, Goal, bounded, geometric_mean

ENDS = (0.025, 0.975)
Curves = Mapping[str, Float64]
"""A(m) by label, float64 (W, R), of a ladder's ranked rows."""


def halves_lines(
    halves: Mapping[str, Sequence[str]], curves: Mapping[str, Curves], goals: Mapping[str, Goal],
    access: Mapping[str, str],
) -> list[Record]:  # fmt: skip
    """Return a line per row with a number on every ladder, the best access tier and row first; then one per other row.

    `halves`: ladders by half. `curves`, `goals`: by ladder. `access`: tier by label. A number beyond a ladder's ends
    counts as that end, and the text of a mean says so. *Place*: within the tier, by the half where it is worse.
    *Regret*: the factor by which a row needs more than the best of its tier, on the ladder where that is largest.
    """
    ladders = [ladder for of_half in halves.values() for ladder in of_half]
    lacking = {label: [each for each in ladders if label not in curves.get(each, {})] for label in access}
    whole = [label for label in access if not lacking[label]]
    numbers = {each: {label: bounded(curves[each][label], goals[each]) for label in whole} for each in ladders}
    means = {
        half: {label: geometric_mean([numbers[each][label] for each in of_half]) for label in whole}
        for half, of_half in halves.items()
    }
    worse = {label: max(float(of_half[label].value) for of_half in means.values()) for label in whole}
    lines: list[Record] = []
    for tier in dict.fromkeys(access[label] for label in sorted(whole, key=lambda label: (worse[label], label))):
        members = [label for label in whole if access[label] == tier]
        placed = _places([[of_half[label] for label in members] for of_half in means.values()])
        regrets = _regrets({each: [of[label] for label in members] for each, of in numbers.items()})
        for k in sorted(range(len(members)), key=lambda k: (placed[k]["place"], members[k])):
            found = {half: of_half[members[k]] for half, of_half in means.items()}
            lines.append({"submission": members[k], "access": tier} | placed[k] | _shown(found) | regrets[k])
    silent = ({"submission": k, "access": access[k], "reason": f"no number on {', '.join(lacking[k])}"} for k in access)
    return [*lines, *(line for line in silent if line["submission"] not in whole)]


def _places(halves: Sequence[Sequence[Bounded]]) -> list[Record]:
    """Return the place of each member of a tier with its interval; `halves`: means of each half, by member."""
    places = np.max([_ranks(np.array([[float(each.value)] for each in of_half])) for of_half in halves], axis=0)
    values = [int(place) for (place,) in places]
    drawn = [[each.drawn for each in of_half if each.drawn is not None] for of_half in halves]
    if any(len(known) < len(values) for known in drawn):
        return [{"place": value} for value in values]
    low, high = np.quantile(
        np.max([_ranks(np.stack(known)) for known in drawn], axis=0), ENDS, axis=1, method="nearest"
    )
    return [with_ends("place", value, (int(low[k]), int(high[k]))) for k, value in enumerate(values)]


def _ranks(numbers: Float64) -> Int64:
    """Return one more than how many members need fewer, int64 (M, B); `numbers`: float64 (M, B)."""
    ranks: Int64 = 1 + (numbers[None] < numbers[:, None]).sum(axis=1)
    return ranks


def _regrets(numbers: Mapping[str, Sequence[Bounded]]) -> list[Record]:
    """Return each member's regret, its ladder, and both as text; `numbers`: by ladder, member by member.

    Of a number beyond the ladder's end, or beside a best one that is, the regret is only bounded.
    """
    values = np.array([[each.value for each in of] for of in numbers.values()])
    factors = values / values.min(axis=1, keepdims=True)
    worst, ladders, lines = factors.argmax(axis=0), [*numbers], []
    for k, at in enumerate(worst):
        name, regret = ladders[at], float(factors[at, k])
        own, best = numbers[name][k], numbers[name][values[at].argmin()]
        mark = ">" if regret > 1 and (own.above or best.below) else ""
        lines.append({"regret": regret, "regret_on": name, "regret_text": f"{mark}{regret:.1f} ({name})"})
    return lines


def _shown(found: Mapping[str, Bounded]) -> Record:
    """Return the means of a row's halves, with intervals, and as text."""
    line: Record = {}
    for half, mean in found.items():
        key = f"{NEEDED_IN}{half}"
        line |= with_ends(key, float(mean.value), mean.interval) | {f"{key}_text": mean.text}
    return line
