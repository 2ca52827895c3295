"""Train methods on one world or on your own data, score and compare them, and write a report with plots."""

import argparse
from pathlib import Path
from typing import get_args

from rich.console import Console

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.plugins import BASELINES, names_in
from spurgen.benchmark.shell import TRAIN, check_packages
from spurgen.harness.commands._own import add_own, run_own
from spurgen.harness.experiments import DATA, METHODS
from spurgen.harness.options import flags
from spurgen.harness.options.jobs import add_dry_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add = parser.add_argument
    add("scenario", nargs="?", type=Path, help="a scenario file; default: the one in --data-dir")
    add("--data-dir", type=Path, default=DATA, metavar="FOLDER", help=f"folder of the data set; default: {DATA}")
    add("--generate-data", action="store_true", help="write the data set into --data-dir first")
    add("--num-classes", type=int, metavar="N", help="2 to 20, with --generate-data; default: 10")
    add(
        "--num-samples", type=int, metavar="N",
        help="train samples, plus a quarter for val, with --generate-data; default: 1000",
    )  # fmt: skip
    flags.add_world(parser)
    add("--modality", default="image", choices=get_args(Modality), help="default: image")
    add("--feature-dim", type=int, default=128, metavar="N", help="width of the features; default: 128")
    add("--batch-size", type=int, default=64, metavar="N", help="default: 64")
    add("--num-epochs", type=int, default=10, metavar="N", help="default: 10")
    add("--lr", type=float, default=1e-3, metavar="X", help="learning rate; default: 0.001")
    methods = (
        f"baselines ({', '.join(names_in(BASELINES))}) or files; default: {' '.join(METHODS)}, without those that need "
        "environments where the scenario has none"
    )
    add("--methods", nargs="+", action=flags.Unique, metavar="METHOD", help=methods)
    add("--irm-lambda", type=float, metavar="X", help="weight of irm's penalty; default: the method's")
    add("--adv-lambda", type=float, metavar="X", help="weight of adversarial's reversal; default: the method's")
    add("--cont-lambda", type=float, metavar="X", help="weight of contrastive's second loss; default: the method's")
    add("--exp-name", default="experiment", metavar="NAME", help="start of the files' names; default: experiment")
    add(
        "--out", "--save-dir", dest="out", type=Path, default=Path("results"), metavar="PATH",
        help="folder of the report, its data and its plots; default: results",
    )  # fmt: skip
    add("--seed", type=int, default=0, metavar="N", help="seed of the world, with --generate-data; default: 0")
    flags.add_seeds(parser, None, "the one of --seed; one is too few for a conclusion")
    flags.add_device(parser)
    add(
        "--gpu", dest="device", type=flags.device_of_gpu, metavar="N",
        help="-1 for --device cpu, 0 for --device cuda:0, ...",
    )  # fmt: skip
    flags.add_jobs(parser)
    add_dry_run(parser)
    add_own(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run on own data or on a world; return 1 if a method failed."""
    if arguments.metadata:
        return run_own(arguments, add_arguments, console)
    flags.refuse(arguments, add_own, "without --metadata")
    check_packages(TRAIN, "spurgen run", "train")
    from spurgen.harness.commands._worlds import run_world  # imported late: torch and matplotlib are slow to import

    return run_world(arguments, console)
