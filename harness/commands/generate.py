"""Writes a data set, PNG files and metadata.csv, for a scenario file or for flags."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import Scenario, load_scenario, make_scenario
from spurgen.benchmark.suggest import one_of
from spurgen.generators import check
from spurgen.generators.atlas import CHANNELS
from spurgen.harness.commands._arguments import Unique
from spurgen.harness.machine.progress import make_progress
from spurgen.harness.splits.export import SCENARIO, check_out, export

SPLITS = ("train", "val", "test")
DEFAULT_CHANNELS = ("background", "color", "shape")
MAX_TWINS = 1000  # base samples that have twins, as on v1's signs tasks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    parser.add_argument("scenario", nargs="?", help="a scenario file; without it, the flags below describe the world")
    parser.add_argument("--out", type=Path, required=True, help="folder to write; must not exist, or be empty")
    parser.add_argument("--splits", nargs="+", action=Unique, default=list(SPLITS), choices=SPLITS, help="default: all")
    parser.add_argument("--num-classes", type=int, help="2 to 20; default: 10")
    parser.add_argument(
        "--num-samples", type=int,
        help="train samples; val has a third of them, test about as many, but at least one in each of its "
        "num-classes x 2^channels cells (1280 with 10 and 7); default: 1000",
    )  # fmt: skip
    parser.add_argument("--channels", nargs="+", action=Unique, help=f"default: {' '.join(DEFAULT_CHANNELS)}")
    parser.add_argument(
        "--strength", nargs="+", metavar="CHANNEL=P", help="for one channel, or P alone for all; default: 0.75"
    )
    parser.add_argument("--image-size", type=int, help="32 to 512; default: 64")
    parser.add_argument("--seed", type=int, help="default: 0")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Writes the data set and says where."""
    scenario = scenario_of(arguments)
    check(scenario)
    check_out(arguments.out)
    total = sum(scenario.split_size(split) for split in arguments.splits)
    with make_progress(console) as progress:
        bar = progress.add_task("images", total=total)
        export(scenario, arguments.splits, arguments.out, lambda made: progress.advance(bar, made))
    told = f"wrote {total:,} images, metadata.csv and {SCENARIO} to {arguments.out}"
    console.print(told, markup=False, soft_wrap=True)
    return 0


def scenario_of(arguments: argparse.Namespace) -> Scenario:
    """Returns the scenario that the file, or else the flags, describe."""
    described = ("num_classes", "num_samples", "channels", "strength", "image_size", "seed")
    given = {name: getattr(arguments, name) for name in described if getattr(arguments, name) is not None}
    if arguments.scenario:
        if given:
            flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            raise ScenarioError(f"{arguments.scenario} describes the world already; leave out {flags}")
        return load_scenario(arguments.scenario)
    return from_flags(**given)


def from_flags(
    num_classes: int = 10,
    num_samples: int = 1000,
    channels: list[str] | None = None,
    strength: list[str] | None = None,
    image_size: int = 64,
    seed: int = 0,
) -> Scenario:
    """Builds a scenario from the command's flags; raises `ScenarioError` for what cannot be."""
    kinds = discover(CHANNELS)
    names = list(channels or DEFAULT_CHANNELS)
    strengths = _strengths(strength or [], names)
    specs: dict[str, dict[str, Any]] = {}
    for name in names:
        carriers = kinds[one_of("channel", name, kinds)].CARRIERS
        specs[name] = {"carrier": "both" if len(carriers) == 2 else next(iter(carriers))}
        specs[name] |= {"strength": strengths[name]} if name in strengths else {}
    cells = max(num_classes * 2 ** len(names), 1)
    per_group = max(num_samples // cells, 1)
    sizes = {
        "train": num_samples, "val": max(num_samples // 3, 1),
        "test_per_group": per_group, "twins": min(per_group * cells, MAX_TWINS),
    }  # fmt: skip
    fields = {"num_classes": num_classes, "image_size": image_size, "seed": seed, "channels": specs, "splits": sizes}
    return make_scenario("the command line", suite="none", name="generated", **fields)


def _strengths(given: list[str], names: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for entry in given:
        name, equals, value = entry.rpartition("=")
        try:
            number = float(value)
        except ValueError:
            raise ScenarioError(f"--strength {entry}: {value!r} is not a number; write CHANNEL=0.9 or 0.9") from None
        if equals and name not in names:
            raise ScenarioError(f"--strength {entry}: {name!r} is not among the channels {', '.join(names)}")
        found |= {name: number} if equals else dict.fromkeys(names, number)
    return found
