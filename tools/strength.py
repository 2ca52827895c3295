"""Check how far counterexamples needed depend on the weight of l2, on tuning worlds."""

import json
import math
import sys
from functools import partial
from typing import Any

from ladders import Numbers, add_flags, check_numbers

from spurgen.harness.cli import run_script
from spurgen.harness.validity.ladders import Rule

METHODS = ("erm", "group_dro", "bsoftmax")
WEIGHTS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
TUNED = "as tuned"


def weights(*_: object) -> dict[str, dict[str, Any]]:
    """Return the weights of l2, by column; the tuned one changes nothing."""
    return {TUNED: {}} | {f"l2 = {weight:.0e}": {"options": json.dumps({"l2": weight})} for weight in WEIGHTS}


def rule(numbers: Numbers) -> Rule:
    """Check whether ERM needs more than each other method as tuned, even at the weight at which it needs fewest."""
    least = min(number for (method, _), number in numbers.items() if method == "erm")
    others = [(number, method) for (method, title), number in numbers.items() if method != "erm" and title == TUNED]
    most, other = max(others)
    found = f"erm: {_said(least)}, {other}: {_said(most)}"
    return Rule("ERM at its best weight needs more than the others as tuned", found, least > most)


def _said(number: float) -> str:
    return f"{number:.0f}" if math.isfinite(number) else "beyond the ladder"


add_arguments = partial(add_flags, name="strength", methods=METHODS)
run = partial(check_numbers, "strength", kinds=weights, rule=rule)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
