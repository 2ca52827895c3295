"""Draw the images of the world that the README and docs show."""

import argparse
from pathlib import Path

from rich.console import Console

from spurgen.harness.commands._arguments import add_out
from spurgen.harness.machine.printing import say
from spurgen.harness.sheets.sheets import write_sheets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_out(parser, "folder of the images", Path("docs"))


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the images into the folder `--out`."""
    write_sheets(arguments.out)
    say(console, f"wrote the sheets to {arguments.out}")
    return 0
