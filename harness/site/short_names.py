"""Names of classes beside a sample: of alternatives the one with the second part that the sample shows."""

from spurgen.benchmark.scenario import Scenario
from spurgen.generators.naming import second_parts

ALTERNATIVES = " / "
CLASSES = " or "  # between the classes that a value goes with


def short_name(scenario: Scenario, name: str, shows: str | None) -> str:
    """Return the alternative of a class's name that has the second part of `shows`; several classes have one each.

    `shows`: the alternative that a sample shows, as `name_shown` returns it; without one the name stays whole.
    """
    part = next((part for part in second_parts(scenario) if shows and _has(shows, part)), None)
    return CLASSES.join(_one(each, part) for each in name.split(CLASSES))


def _one(name: str, part: str | None) -> str:
    fitting = [each for each in name.split(ALTERNATIVES) if part and _has(each, part)]
    return fitting[0] if len(fitting) == 1 else name


def _has(name: str, part: str) -> bool:
    return name.startswith(f"{part} ") or name.endswith(f" + {part}")
