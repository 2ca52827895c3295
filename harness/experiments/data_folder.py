"""The data set of `spurgen run`: a folder of images with the scenario that makes them, scenario.toml."""

from collections.abc import Callable
from pathlib import Path

from spurgen.benchmark.errors import ScenarioError, SpurgenError
from spurgen.benchmark.scenario import Scenario, load_scenario, make_scenario
from spurgen.harness.splits.export import SCENARIO, partial_folder, write_files

SPLITS = ("train", "val", "test")
CHANNELS = ("background", "color", "shape")
STRENGTHS = {"strong": 0.9, "weak": 0.7}  # two environments that differ: without them IRM has nothing to compare
FIFTHS = 5  # one fifth of --num_samples is val, the rest train
PER_GROUP = 50  # test samples in every (class, alignment pattern), however few are trained on
BASES_PER_GROUP = 10  # of these have twins


def describe_world(num_classes: int = 10, num_samples: int = 1000, seed: int = 0) -> Scenario:
    """Describes the world that `--generate_data` makes; `num_samples` counts train and val together.

    Raises `ScenarioError` for what cannot be.
    """
    if num_samples < FIFTHS:
        raise ScenarioError(f"--num_samples {num_samples}: give {FIFTHS} or more; a fifth of them is val")
    val = num_samples // FIFTHS
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
            "train": num_samples - val, "val": val,
            "test_per_group": PER_GROUP, "twins": max(BASES_PER_GROUP * groups, 1),
        },
    )  # fmt: skip


def read_world(folder: Path) -> Scenario | None:
    """Reads the scenario that a data set was made from; None where there is no data set.

    Raises `ScenarioError` if its file cannot be read.
    """
    return load_scenario(folder / SCENARIO) if (folder / SCENARIO).is_file() else None


def check_agrees(scenario: Scenario, where: Path, num_classes: int | None, num_samples: int | None) -> None:
    """Raises `ScenarioError` if flags say of a world that is there already what it is not."""
    seen = scenario.splits.train + scenario.splits.val
    for flag, asked, found in (
        ("--num_classes", num_classes, scenario.num_classes),
        ("--num_samples", num_samples, seen),
    ):
        if asked not in (None, found):
            raise ScenarioError(
                f"{flag} {asked}: {where} has {found}; leave the flag out to use it as it is, "
                "or pass --generate_data with another --data_dir"
            )


def check_free(scenario: Scenario, folder: Path) -> bool:
    """Says whether the data set is there already, whole.

    Raises `SpurgenError` if another is, or a part of one, or the folder cannot be.
    """
    found = read_world(folder)
    if found == scenario:
        return True
    if found:
        fields = ", ".join(f for f in Scenario.model_fields if getattr(found, f) != getattr(scenario, f))
        raise SpurgenError(
            f"{folder} holds another data set than the one asked for (they differ in {fields}); choose another "
            "--data_dir, or leave out --generate_data to use it as it is"
        )
    taken = [name for name in (*SPLITS, "metadata.csv") if (folder / name).exists()]
    if taken:
        what = f"{folder} holds {', '.join(taken)} but no {SCENARIO}"
        raise SpurgenError(f"{what}; remove {'it' if len(taken) == 1 else 'them'}, or choose another --data_dir")
    if folder.exists() and not folder.is_dir():
        raise SpurgenError(f"{folder} is not a folder; choose another --data_dir")
    return False


def write_world(scenario: Scenario, folder: Path, progress: Callable[[int], None]) -> None:
    """Writes the data set into a folder that may hold other things; scenario.toml comes last.

    The files are those of `write_files`. Raises `SpurgenError` if they cannot be written; then none is kept.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial_folder(folder, "generating") as made:
            write_files(scenario, SPLITS, made, progress)
            for name in sorted((part.name for part in made.iterdir()), key=lambda name: name == SCENARIO):
                (made / name).rename(folder / name)
    except OSError as error:
        raise SpurgenError(f"cannot write to {folder}: {error.strerror or error}; choose another --data_dir") from None
