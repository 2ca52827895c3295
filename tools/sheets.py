"""Draw the images of the world that the README and docs show."""

import argparse
import sys
from pathlib import Path

from drawing.sheets import write_sheets
from rich.console import Console

from spurgen.harness.cli import run_script
from spurgen.harness.machine.printing import say
from spurgen.harness.options.flags import add_out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the script's flags."""
    add_out(parser, "folder of the images", Path("docs"))


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the images into the folder `--out`."""
    write_sheets(arguments.out)
    say(console, f"wrote the sheets to {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
