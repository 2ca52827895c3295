"""The `spurgen` command: every file in `commands/` is a subcommand of that name."""

import argparse
import ast
import importlib.util
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import names_in
from spurgen.harness.machine.interrupts import INTERRUPTED, TERMINATED, Terminated, raise_terminated

COMMANDS = "spurgen.harness.commands"


def hyphenated(arguments: Sequence[str]) -> list[str]:
    """Lets flags be written with underscores: `--num_classes=3` becomes `--num-classes=3`."""
    flags = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        flags.append(name.replace("_", "-") + equals + value if argument.startswith("--") else argument)
    return flags


def make_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Builds the parser from the commands that are there; only what `arguments` name is imported and has its flags."""
    parser = argparse.ArgumentParser(prog="spurgen", description="Did the model learn the task or a shortcut?")
    parser.add_argument("--version", action="version", version=version("spurgen"))
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name in names_in(COMMANDS):
        summary = _summary(f"{COMMANDS}.{name}")
        command = commands.add_parser(name, help=summary, description=summary)
        if name in arguments:
            module = importlib.import_module(f"{COMMANDS}.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


def _summary(module: str) -> str:
    """Reads the first line of a module's docstring without importing the module."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return (ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or "").partition("\n")[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns 0, 1 where a check failed, 2 on an error a user can mend, 130 or 143 if stopped."""
    console = Console(stderr=True, highlight=False)
    before = signal.signal(signal.SIGTERM, raise_terminated)
    try:
        given = hyphenated(sys.argv[1:] if arguments is None else arguments)
        parsed = make_parser(given).parse_args(given)
        return int(parsed.run(parsed, console))
    except (SpurgenError, OSError) as error:
        console.print("error: ", style="bold red", end="")
        console.print(str(error), markup=False, soft_wrap=True)
        return 2
    except KeyboardInterrupt as stop:
        kept = dict.fromkeys(getattr(stop, "__notes__", ()))
        console.print("; ".join(["stopped", *kept]), markup=False, soft_wrap=True)
        return TERMINATED if isinstance(stop, Terminated) else INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
