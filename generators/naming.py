"""Names of classes by what shows them: a pictogram, or a pictogram and a second part."""

from collections.abc import Mapping

import numpy as np

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import Scenario
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.factors import draw_factors, first_part, num_pictograms, whole_class
from spurgen.generators.pictograms import pictogram_names
from spurgen.generators.world import make_world, needs_pictogram


def class_names(scenario: Scenario) -> tuple[str, ...]:
    """Return the names of a scenario's classes in label order: `heart`, or all that shows it, `red heart / blue key`.

    A second part that is no look of the pictogram is joined to it by a plus; its names are those of `second_parts`.
    """
    if scenario.second_part is None:
        return pictogram_names(scenario)
    first, second = np.divmod(np.arange(num_pictograms(scenario) * (count := len(second_parts(scenario)))), count)
    order = np.lexsort((first, second))
    whole = whole_class(scenario, first, second)
    return tuple(
        " / ".join(_both_parts(scenario, first[k], second[k]) for k in order if whole[k] == label)
        for label in range(scenario.num_classes)
    )


def name_shown(scenario: Scenario, split: str, index: int) -> str | None:
    """Return which of the names joined in its class's a sample shows, `blue key`; None if the class has only one."""
    if scenario.second_part is None or scenario.second_part.rule == "pair":
        return None
    factors = draw_factors(make_world(scenario), split, np.array([index]))
    first = first_part(scenario, factors.core, factors.second)
    return _both_parts(scenario, first[0], factors.second[0])


def _both_parts(scenario: Scenario, first: int, second: int) -> str:
    part = scenario.second_part
    is_look = part is not None and needs_pictogram(discover(CHANNELS)[part.kind])
    pictogram, other = pictogram_names(scenario)[first], list(second_parts(scenario))[second]
    return f"{other} {pictogram}" if is_look else f"{pictogram} + {other}"


def second_parts(scenario: Scenario) -> Mapping[str, list[str]]:
    """Return the values that show each second part by its name: the value, or the first of several with dots."""
    part = scenario.second_part
    if part is None:
        return {}
    values = discover(CHANNELS)[part.kind].VALUES[: part.values - part.values % part.combinations]
    shown = [list(values[second :: part.combinations]) for second in range(part.combinations)]
    return {found[0] + ("\N{HORIZONTAL ELLIPSIS}" if len(found) > 1 else ""): found for found in shown}
