"""What the fields of a scenario demand of one another; each check raises `ValueError`, which names the field."""

from typing import TYPE_CHECKING

from spurgen.benchmark.errors import shortened
from spurgen.benchmark.scenario_tables import BALANCED, MAX_CLASSES, MAX_SAMPLES, Strength

if TYPE_CHECKING:
    from spurgen.benchmark.scenario import Scenario


def check_consistent(scenario: "Scenario") -> None:
    """Raise `ValueError` if the fields of a scenario, each possible by itself, describe no possible world."""
    if "class" in scenario.channels:
        raise ValueError("channels.class: a channel cannot be named class; name it otherwise and set its kind")
    for name, channel in scenario.channels.items():
        _check_strength(scenario, f"channels.{name}.strength", channel.strength)
    _check_environments(scenario)
    for combination in scenario.withheld:
        _check_combination(scenario, combination)
    _check_carriers(scenario)
    end = scenario.first_class + scenario.num_classes
    if end > MAX_CLASSES:
        raise ValueError(f"first_class: classes {scenario.first_class} to {end - 1} exceed the {MAX_CLASSES} there are")
    _check_sizes(scenario)


def _check_strength(scenario: "Scenario", where: str, strength: Strength) -> None:
    if isinstance(strength, tuple) and len(strength) != scenario.num_classes:
        raise ValueError(f"{where}: {len(strength)} values for {scenario.num_classes} classes")


def _check_environments(scenario: "Scenario") -> None:
    names = [environment.name for environment in scenario.environments]
    if len(set(names)) < len(names):
        raise ValueError(f"environments: each needs a name of its own, not {', '.join(names)}")
    for environment in scenario.environments:
        for name, strength in environment.strength.items():
            where = f"environment {environment.name!r}"
            if name not in scenario.channels:
                raise ValueError(f"{where}: unknown channel {name!r}; this one has {', '.join(scenario.channels)}")
            _check_strength(scenario, f"{where}, {name}", strength)


def _check_combination(scenario: "Scenario", combination: dict[str, int]) -> None:
    where = f"withheld {shortened(combination)}"
    if len(combination) < 2:
        raise ValueError(f"{where}: name at least two of class and the channels")
    for name, value in combination.items():
        if name != "class" and name not in scenario.channels:
            raise ValueError(f"{where}: unknown channel {name!r}")
        size = scenario.num_classes if name == "class" else scenario.channels[name].values
        if not 0 <= value < size:
            raise ValueError(f"{where}: {name} has the values 0 to {size - 1}")


def _check_carriers(scenario: "Scenario") -> None:
    carried: set[tuple[str, str]] = set()
    for name, channel in scenario.channels.items():
        for carrier in sorted(channel.carriers, reverse=True):
            if (channel.kind, carrier) in carried:
                raise ValueError(f"channels.{name}: another one draws {channel.kind} in the {carrier}")
            carried.add((channel.kind, carrier))


def _check_sizes(scenario: "Scenario") -> None:
    splits = scenario.splits
    for split in BALANCED:
        size = scenario.split_sizes[split]
        if size > MAX_SAMPLES:
            raise ValueError(f"splits.{split}_per_group: {size:,} {split} samples in all, at most {MAX_SAMPLES:,}")
    if splits.val_per_group and scenario.num_balanced_val >= splits.val:
        raise ValueError(
            f"splits.val_per_group: {scenario.num_balanced_val:,} balanced val samples, of {splits.val:,} in all; "
            "submissions without groups are given the others only, so there must be some"
        )
    if splits.val_per_group and scenario.withheld:
        raise ValueError("withheld: val cannot be balanced (splits.val_per_group) and lack combinations; leave one out")
    if splits.twins > scenario.num_test:
        raise ValueError(f"splits.twins: {splits.twins} exceeds the {scenario.num_test} test samples")
    if splits.nuisance_twins > splits.twins:
        raise ValueError(f"splits.nuisance_twins: {splits.nuisance_twins} exceeds twins, {splits.twins}")
