"""Write a data set, in the format that you train with, for a task of a suite, a scenario file or flags."""

import argparse
from typing import Any

from rich.console import Console

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.plugins import discover, names_in
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.benchmark.world import Description
from spurgen.benchmark.worlds.pictograms import Scenario, make_scenario
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.world import world_of
from spurgen.harness.experiments.data_folder import CHANNELS as DEFAULT_CHANNELS
from spurgen.harness.experiments.data_folder import SPLITS, val_size
from spurgen.harness.exports.documents import CROISSANT, left_out
from spurgen.harness.exports.plan import FORMATS, SHARD, Plan
from spurgen.harness.exports.writing import export, find
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.options.flags import Unique, add_jobs, add_out, add_suite, add_world, read_world_of, up_to
from spurgen.harness.options.verifying import verified
from spurgen.harness.splits.frozen import ALONE

MAX_TWINS = 1000  # base samples that have twins


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "scenario", nargs="?",
        help="a file of a scenario or ladder, or a task of the suite; without it, the flags below describe the world",
    )  # fmt: skip
    add_world(parser)
    add_suite(parser)
    parser.add_argument(
        "--counterexamples", type=int, metavar="M",
        help="of a ladder's file: train samples in which shortcuts mislead; default: those of its highest rung",
    )  # fmt: skip
    add_out(parser, "folder of the data set; must not exist, or be empty", required=True)
    parser.add_argument("--splits", nargs="+", action=Unique, default=list(SPLITS), choices=SPLITS, help="default: all")
    parser.add_argument("--num-classes", type=int, metavar="N", help="2 to 20; default: 10")
    parser.add_argument("--twins", action="store_true", help="write the twins of test samples as well")
    parser.add_argument(
        "--format", choices=names_in(FORMATS), default="folder",
        help="; ".join(f"{name}: {module.SUMMARY}" for name, module in discover(FORMATS).items()) + "; default: folder",
    )  # fmt: skip
    parser.add_argument(
        "--shard-size", type=up_to(10**8), default=SHARD, metavar="N", help=f"samples in a shard; default: {SHARD}"
    )
    parser.add_argument(
        "--place", metavar="CHANNEL", help="with --format wilds: the channel whose value is place; default: the first"
    )
    add_jobs(parser, f"processes; default: one per core, and one for fewer than {ALONE} samples")
    parser.add_argument(
        "--num-samples", type=int, metavar="N",
        help="train samples; val has a quarter of them; test has about as many, and at least one in each of its "
        "classes x 2^channels groups (1280 with 10 and 7); default: 1000",
    )  # fmt: skip
    parser.add_argument(
        "--channels", nargs="+", action=Unique, metavar="CHANNEL", help=f"default: {' '.join(DEFAULT_CHANNELS)}"
    )
    parser.add_argument(
        "--strength", nargs="+", metavar="CHANNEL=P", help="for one channel, or P alone for all; default: 0.75"
    )
    parser.add_argument("--image-size", type=int, metavar="N", help="pixels, 32 to 512; default: 64")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the world; default: 0")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the data set, or continue to; print where it is and the digest of its content.

    Return 1 if it is a task's, and the generators do not make what its suite froze.
    """
    names_task = arguments.scenario and not arguments.scenario.endswith(".toml")
    suite = load_suite(arguments.suite) if names_task else None
    plan = plan_from(arguments, suite)
    verb = "kept" if find(plan, arguments.out) else "wrote"
    if suite and not verified(suite, [plan.scenario.name], console, arguments.jobs):
        return 1
    with samples_bar(console, plan.total) as advance:
        index = export(plan, arguments.out, advance, arguments.jobs)
    say(console, f"{verb} {plan.total:,} samples in {arguments.out}; its README.md says how to open them")
    say(console, f"SHA-256 of the content, the same in every format with the same parts: {index.content_sha256}")
    if not (arguments.out / CROISSANT).exists():
        say(console, left_out(arguments.out / CROISSANT))
    return 0


def plan_from(arguments: argparse.Namespace, suite: Suite | None) -> Plan:
    """Return what the flags ask for, a task of the suite if there is one.

    Raise `ScenarioError` if there can be no such data set.
    """
    scenario = scenario_of(arguments, suite)
    place, channels = "", world_of(scenario).values
    if arguments.format == "wilds":
        if not channels:
            raise ScenarioError("--format wilds needs a channel, whose value is place; add one")
        place = one_of("channel", arguments.place or next(iter(channels)), channels)
    elif arguments.place:
        raise ScenarioError(f"--place {arguments.place}: only --format wilds has a place; leave it out")
    if arguments.twins and "test" not in arguments.splits:
        raise ScenarioError("--twins: they are twins of test samples; add test to --splits, or leave --twins out")
    parts = scenario.chosen_parts(arguments.splits, arguments.twins)
    return Plan(scenario, parts, arguments.format, arguments.shard_size, place)


def scenario_of(arguments: argparse.Namespace, suite: Suite | None) -> Description:
    """Return the world that the file, the task of the suite, or else the flags describe; of a ladder, with one rung."""
    names = ("num_classes", "num_samples", "channels", "strength", "image_size", "seed")
    fields = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    if arguments.scenario and fields:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in fields)
        raise ScenarioError(f"{arguments.scenario} describes the world already; leave out {flags}")
    m, task = arguments.counterexamples, None
    if suite:
        task = suite.task(arguments.scenario).in_frozen_world(arguments.world or 0)
    world = task.scenario if task else read_world_of(arguments)
    scenario = from_flags(**fields) if world is None else world
    if m is not None and (task or not scenario.rungs):
        raise ScenarioError(f"--counterexamples {m} is for a ladder's file; leave it out")
    if scenario.rungs:
        return scenario.on_rung(task.counterexamples if task else scenario.rungs[-1] if m is None else m)
    world_of(scenario)  # raises for what cannot be drawn
    return scenario


def from_flags(
    num_classes: int = 10, num_samples: int = 1000, channels: list[str] | None = None,
    strength: list[str] | None = None, image_size: int = 64, seed: int = 0,
) -> Scenario:  # fmt: skip
    """Build a scenario from the command's flags; raise `ScenarioError` if there can be no such world."""
    kinds = discover(CHANNELS)
    names = list(channels or DEFAULT_CHANNELS)
    strengths = _strengths(strength or [], names)
    specs: dict[str, dict[str, Any]] = {}
    for name in names:
        carriers = kinds[one_of("channel", name, kinds)].CARRIERS
        specs[name] = {"carrier": "both" if len(carriers) == 2 else next(iter(carriers))}
        specs[name] |= {"strength": strengths[name]} if name in strengths else {}
    groups = max(num_classes * 2 ** len(names), 1)
    per_group = max(num_samples // groups, 1)
    sizes = {
        "train": num_samples, "val": val_size(num_samples),
        "test_per_group": per_group, "twins": min(per_group * groups, MAX_TWINS),
    }  # fmt: skip
    fields = {"num_classes": num_classes, "image_size": image_size, "seed": seed, "channels": specs, "splits": sizes}
    return make_scenario("the command line", suite="none", name="generated", **fields)


def _strengths(entries: list[str], names: list[str]) -> dict[str, float]:
    """Map channels to their strengths, given as `CHANNEL=P`, or `P` for all; later entries win."""
    strengths: dict[str, float] = {}
    for entry in entries:
        name, equals, value = entry.rpartition("=")
        try:
            number = float(value)
        except ValueError:
            raise ScenarioError(f"--strength {entry}: {value!r} is not a number; write CHANNEL=0.9 or 0.9") from None
        if equals and name not in names:
            raise ScenarioError(f"--strength {entry}: {name!r} is not among the channels {', '.join(names)}")
        strengths |= {name: number} if equals else dict.fromkeys(names, number)
    return strengths
