"""The data set of `spurgen run`: a folder of images with the scenario that makes them, scenario.toml."""

from collections.abc import Callable
from pathlib import Path

from spurgen.benchmark.errors import ScenarioError, SpurgenError
from spurgen.benchmark.world import load_scenario
from spurgen.benchmark.worlds.pictograms import Scenario, make_scenario, pictograms
from spurgen.harness.exports.documents import SCENARIO
from spurgen.harness.exports.images import differences
from spurgen.harness.exports.plan import Plan

SPLITS = ("train", "val", "test")
CHANNELS = ("background", "color", "shape")
STRENGTHS = {"strong": 0.9, "weak": 0.7}  # two environments that differ: without them IRM has nothing to compare
PER_GROUP = 50  # test samples in every (class, alignment pattern), however few are trained on
BASES_PER_GROUP = 10  # of these have twins


def val_size(num_samples: int) -> int:
    """Return the number of val samples beside `--num-samples` train samples: a quarter of them, at least 1."""
    return max(num_samples // 4, 1)


def describe_world(num_classes: int = 10, num_samples: int = 1000, seed: int = 0) -> Scenario:
    """Return the world that `--generate-data` makes, with `num_samples` train samples.

    Raises `ScenarioError` if there can be no such world.
    """
    groups = num_classes * 2 ** len(CHANNELS)
    return make_scenario(
        "the command line",
        suite="run",
        name="generated",
        seed=seed,
        num_classes=num_classes,
        core_size=1.1,
        channels={name: {} for name in CHANNELS},
        environments=[{"name": name, "strength": dict.fromkeys(CHANNELS, p)} for name, p in STRENGTHS.items()],
        splits={
            "train": num_samples, "val": val_size(num_samples),
            "test_per_group": PER_GROUP, "twins": max(BASES_PER_GROUP * groups, 1),
        },
    )  # fmt: skip


def plan_of(scenario: Scenario) -> Plan:
    """Return the data set of a scenario that `spurgen run` writes and reads."""
    return Plan(scenario, SPLITS, "folder")


def read_world(folder: Path) -> Scenario | None:
    """Read the scenario that a data set was made from; None where there is no data set.

    Raises `ScenarioError` if its file cannot be read.
    """
    return pictograms(load_scenario(folder / SCENARIO)) if (folder / SCENARIO).exists() else None


def check_agrees(scenario: Scenario, where: Path, num_classes: int | None, num_samples: int | None) -> None:
    """Raise `ScenarioError` if flags contradict a world that exists already."""
    for flag, wanted, actual in (
        ("--num-classes", num_classes, scenario.num_classes),
        ("--num-samples", num_samples, scenario.splits.train),
    ):
        if wanted not in (None, actual):
            raise ScenarioError(
                f"{flag} {wanted}: {where} has {actual}; leave the flag out to use it as it is, "
                "or pass --generate-data with another --data-dir"
            )


def is_there(scenario: Scenario, folder: Path, file: Path | None = None) -> bool:
    """Return whether a folder has the data set of a scenario, asked for by flags or a `file`.

    Raises `ScenarioError` if it has another one.
    """
    present = read_world(folder)
    if present and present != scenario:
        fields = [name for name in Scenario.model_fields if getattr(present, name) != getattr(scenario, name)]
        asked, cure = "the one asked for", "choose another --data-dir, or leave out --generate-data to use it as it is"
        if file:
            asked, cure = f"{file} describes", "leave out one of the two"
        raise ScenarioError(
            f"--data-dir {folder} holds another data set than {asked} (they differ in {', '.join(fields)}); {cure}"
        )
    return present is not None


def check_files(scenario: Scenario, folder: Path, progress: Callable[[int], None]) -> None:
    """Raise `SpurgenError` if a folder's files are not those of the scenario in it, from which all data are made."""
    problem = next(differences(scenario, SPLITS, folder, progress), None)
    if problem:
        raise SpurgenError(
            f"--data-dir {folder}: {problem}, but spurgen run trains on what {folder / SCENARIO} describes and reads "
            "no other file; restore the file, or make the data set again with --generate-data and another --data-dir"
        )
