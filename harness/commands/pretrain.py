"""Train the encoders that tasks with a pretrained backbone start from, and write their weights."""

import argparse
import json
from functools import partial
from pathlib import Path

from rich.console import Console

from spurgen.baselines.training.weights import RECORD, WEIGHTS
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.scenario import load_scenario
from spurgen.harness.commands._arguments import add_device, add_out
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.provenance import environment, now
from spurgen.harness.running.pretraining import WORLD, pretrain, write_arrays


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "--scenario", type=Path, default=WORLD, metavar="FILE",
        help="world to train on; default: the file that comes with spurgen",
    )  # fmt: skip
    add_out(parser, "file of the weights, a .npz; their record is written beside it", WEIGHTS)
    add_device(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train the encoders; write their weights and a record of them."""
    if arguments.out.suffix != WEIGHTS.suffix:  # the record, with another ending, could replace the weights
        raise SpurgenError(f"--out {arguments.out}: the name must end in {WEIGHTS.suffix}")
    scenario, device = load_scenario(arguments.scenario), pick_device(arguments.device)
    say(
        console,
        f"training encoders of images and captions on {scenario.name}: about two minutes on two cores",
    )
    arrays, record = pretrain(scenario, device, partial(say, console))
    write_arrays(arguments.out, arrays)
    about = json.dumps(
        record | {"finished": now(), "environment": environment(device).model_dump()}, indent=1, allow_nan=False
    )
    write_atomically(arguments.out.with_suffix(RECORD.suffix), about + "\n")
    say(console, f"wrote {arguments.out}, SHA-256 {record['sha256']}")
    return 0
