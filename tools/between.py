"""Check what reading N between rungs costs: train on rungs halfway between a ladder's too, on tuning worlds."""

import math
import sys
from collections.abc import Mapping
from functools import partial
from itertools import pairwise

import numpy as np
from ladders import FREE, Found, Heights, Line, Verdict, add_flags, check, heights

from spurgen.harness.cli import run_script
from spurgen.harness.validity.ladders import Rule, needed_of_mean, needed_text

METHODS = ("erm", "group_dro", "jtt", "subg", "dfr")
ALLOWED = 0.15
"""Largest change of N that the rungs between may cause, as a share of N."""


def judge(ladder: str, curves: Mapping[str, tuple[Heights, Heights]], ceiling: float) -> Verdict:
    """Return a ladder's table and its rule; `curves`: by method, on its rungs and on those between."""
    lines, changes = list[Line](), dict[str, float]()
    for method, (rungs, between) in curves.items():
        above = {m: value for m, value in rungs.items() if m}
        read = {m: (above[low] + above[high]) / 2 for m, (low, high) in zip(between, pairwise(above), strict=True)}
        cells = {f"m = {m}": f"{value:.3f} ({read[m]:.3f})" for m, value in between.items()}
        whole = dict(sorted((above | between).items()))
        first, second = needed_of_mean(above, ceiling), needed_of_mean(whole, ceiling)
        texts = {"N": needed_text(above, ceiling), "N of all": needed_text(whole, ceiling)}
        beyond = math.isinf(first) or math.isinf(second)
        changes[method] = 0.0 if first == second else math.inf if beyond else abs(second / first - 1)
        lines.append({"Ladder": ladder, "Method": method, **cells, **texts})
    worst = max(changes, key=lambda method: changes[method])
    found = f"{changes[worst]:.0%}" if math.isfinite(changes[worst]) else "one is beyond the ladder"
    rule = f"rungs between change N by at most {ALLOWED:.0%}"
    return lines, [Rule(rule, f"{worst}: {found}", changes[worst] <= ALLOWED)]


def kinds(*_: object) -> dict[str, dict[str, bool]]:
    """Return the ladder's rungs and those between."""
    return {"rungs": {}, "between": {"between": True}}


def judged(ladder: str, found: Found) -> Verdict:
    """Judge a ladder, with the ceiling that was measured."""
    ceiling = float(np.mean([*heights(found.pop(FREE)[FREE]).values()]))
    reached = {method: (heights(of["rungs"]), heights(of["between"])) for method, of in found.items()}
    return judge(ladder, reached, ceiling)


add_arguments = partial(add_flags, name="between", methods=METHODS)
run = partial(check, "between", kinds=kinds, judged=judged, free=True)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
