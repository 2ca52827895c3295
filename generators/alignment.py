"""Alignments that are not random: the value that people expect for a class, or the expected value of another class."""

from collections.abc import Mapping
from types import ModuleType

import numpy as np

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.scenario_tables import Channel
from spurgen.generators.pictograms import class_names
from spurgen.generators.streams import Int64


def fixed_alignments(scenario: Scenario, kinds: Mapping[str, ModuleType]) -> dict[str, Int64]:
    """Return the aligned value of each class, int64 (K, 1), for the channels whose alignment is not random.

    Under `counter`, a class gets the natural value of the next class that has another one.
    """
    tables = {}
    for name, channel in _with_natural_values(scenario, kinds).items():
        natural = _natural_values(scenario, kinds[channel.kind])
        if scenario.alignment == "counter":
            around = [natural[k:] + natural[:k] for k in range(len(natural))]
            natural = [next(value for value in others if value != others[0]) for others in around]
        tables[name] = np.array(natural)[:, None]
    return tables


def check_alignment(scenario: Scenario, kinds: Mapping[str, ModuleType]) -> None:
    """Raise `ScenarioError` if a scenario's classes cannot be aligned with natural values."""
    if scenario.alignment == "random":
        return
    wanted, random = f'alignment = "{scenario.alignment}"', 'set the scenario\'s alignment to "random"'
    channels = _with_natural_values(scenario, kinds)
    if not channels:
        known = ", ".join(kind for kind, module in kinds.items() if hasattr(module, "NATURAL_VALUES"))
        raise ScenarioError(
            f"scenario {scenario.name}: {wanted} needs a channel with natural values ({known}); list one, or {random}"
        )
    for name, channel in channels.items():
        where = f"scenario {scenario.name}, channels.{name}"
        if channel.alignment != "one-to-one":
            one = f"{wanted} gives each class one value, so {channel.alignment} is impossible"
            raise ScenarioError(f'{where}: {one}; set the channel\'s alignment to "one-to-one", or {random}')
        module = kinds[channel.kind]
        natural = _natural_values(scenario, module)
        if max(natural) >= channel.values:
            lacks = f"{wanted} needs {module.VALUES[max(natural)]}, which is not among its {channel.values} values"
            raise ScenarioError(f"{where}: {lacks}; set values to {max(natural) + 1} or more, or {random}")
        if len(set(natural)) < 2:
            same = f"all classes have the natural value {module.VALUES[natural[0]]}"
            raise ScenarioError(f"{where}: {same}; choose other classes, or {random}")


def _with_natural_values(scenario: Scenario, kinds: Mapping[str, ModuleType]) -> dict[str, Channel]:
    """Return the channels that `natural` and `counter` align; none if the alignment is random."""
    if scenario.alignment == "random":
        return {}
    return {
        name: channel for name, channel in scenario.channels.items() if hasattr(kinds[channel.kind], "NATURAL_VALUES")
    }


def _natural_values(scenario: Scenario, kind: ModuleType) -> list[int]:
    """Return the number of each class's natural value."""
    return [kind.VALUES.index(kind.NATURAL_VALUES[name]) for name in class_names(scenario)]
