"""Check how far counterexamples needed depend on the number of train samples, on tuning worlds."""

import sys
from functools import partial
from typing import Any

from ladders import Numbers, add_flags, check_numbers

from spurgen.benchmark.world import Description
from spurgen.harness.cli import run_script
from spurgen.harness.validity.ladders import Rule

METHODS = ("erm", "group_dro", "bsoftmax")
FACTORS = (0.5, 1.0, 2.0)
"""Numbers of train samples, as factors of the ladder's."""


def sizes(_: str, ladder: Description) -> dict[str, dict[str, Any]]:
    """Return the numbers of train samples, by column; that of the ladder itself changes nothing."""
    made = [round(factor * ladder.parts["train"]) for factor in FACTORS]
    return {f"n = {train:,}": {"train": train} if train != ladder.parts["train"] else {} for train in made}


def rule(numbers: Numbers) -> Rule:
    """Check whether the methods have the same order with every number of samples."""
    orders = dict[str, list[tuple[float, str]]]()
    for (method, title), number in numbers.items():
        orders.setdefault(title, []).append((number, method))
    found = dict.fromkeys(" < ".join(name for _, name in sorted(order)) for order in orders.values())
    return Rule("the order stays", "; ".join(found), len(found) == 1)


add_arguments = partial(add_flags, name="size", methods=METHODS)
run = partial(check_numbers, "size", kinds=sizes, rule=rule)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
