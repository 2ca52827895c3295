"""The `spurgen` command: every file in `commands/` is a subcommand of that name."""

import argparse
import ast
import errno
import importlib.util
import os
import shutil
import signal
import sys
import textwrap
import tokenize
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.shell import explained
from spurgen.harness.machine.files import FULL
from spurgen.harness.machine.pool import INTERRUPTED, TERMINATED, Terminated, raise_terminated
from spurgen.harness.parser import Parser

COMMANDS = "spurgen.harness.commands"
FOR_USERS = (
    "check", "score", "compare", "leaderboard", "run", "generate", "evaluate", "profile", "fingerprint", "ask",
    "figures", "benchmark",
)  # fmt: skip
"""Commands that the help lists first, in the order of their use; all others are for maintainers of a suite."""
USER_ERROR, INTERNAL_ERROR, BROKEN_PIPE = 2, 70, 128 + signal.SIGPIPE  # exit codes; 70 is EX_SOFTWARE of sysexits.h
DEBUG = "--debug"
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR)
"""Errors that a path from the command line may cause; a missing file within a folder is more likely a bug."""


def hyphenated(arguments: Sequence[str]) -> list[str]:
    """Write flags with hyphens: `--num_classes=3` becomes `--num-classes=3`."""
    flags = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        flags.append(name.replace("_", "-") + equals + value if argument.startswith("--") else argument)
    return flags


def make_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Build the parser of all commands; only those named in `arguments` are imported and get their flags."""
    summaries = {name: _summary(name) for name in names_in(COMMANDS)}
    parser = Parser(
        prog="spurgen", usage="spurgen [--debug] COMMAND ...", epilog=_listing(summaries),
        description="Did the model learn the task or a shortcut?",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version")
    parser.add_argument(DEBUG, action="store_true", help="show the traceback of an error; also after the command")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="command", prog="spurgen", help=argparse.SUPPRESS
    )
    for name, summary in summaries.items():
        command = commands.add_parser(name, description=summary)
        if name in arguments:
            module = importlib.import_module(f"{COMMANDS}.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


class _Version(argparse.Action):
    """Print the version, which takes long to look up, and end."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(version("spurgen"))
        parser.exit()


def _listing(summaries: Mapping[str, str]) -> str:
    """Return the commands with their summaries, those for users first, as wide as the terminal."""
    others = [name for name in summaries if name not in FOR_USERS]
    width = max(map(len, (*FOR_USERS, *others))) + 4
    columns = shutil.get_terminal_size().columns - 2

    def entry(name: str) -> str:
        start, indent = f"  {name}".ljust(width), " " * width
        return textwrap.fill(summaries[name], columns, initial_indent=start, subsequent_indent=indent)

    return "\n".join(
        [
            "commands:", *map(entry, FOR_USERS), "",
            "commands for the maintainers of a suite:", *map(entry, others), "",
            "spurgen COMMAND --help lists the flags of a command; - and _ in a flag are the same.",
        ]
    )  # fmt: skip


def _summary(name: str) -> str:
    """Read the first line of a command's docstring without importing or parsing its module."""
    spec = importlib.util.find_spec(f"{COMMANDS}.{name}")
    assert spec is not None
    assert spec.origin is not None
    with open(spec.origin, encoding="utf-8") as file:
        tokens = tokenize.generate_tokens(file.readline)
        first = next(token for token in tokens if token.type not in (tokenize.COMMENT, tokenize.NL))
    docstring: str = ast.literal_eval(first.string) if first.type == tokenize.STRING else ""
    return docstring.strip().partition("\n")[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    0; 1 if a check failed; 2 for an error that the user can fix; 70 for a bug of ours; 130, 143 or 141 if Ctrl-C,
    SIGTERM or a closed pipe stopped it.
    """
    return _run(make_parser, arguments)


def run_script(script: ModuleType, arguments: Sequence[str] | None = None) -> int:
    """Run a maintainers' script as `main` runs a command; `script` has `add_arguments` and `run`, as commands do."""

    def parser_of(_words: Sequence[str]) -> argparse.ArgumentParser:
        parser = Parser(prog=f"python tools/{Path(script.__file__ or '').name}", description=script.__doc__)
        script.add_arguments(parser)
        parser.set_defaults(run=script.run)
        return parser

    return _run(parser_of, arguments)


def _run(parser_of: Callable[[Sequence[str]], argparse.ArgumentParser], arguments: Sequence[str] | None) -> int:
    """Parse the arguments, by default those of the process, run what they ask for, and return the exit code."""
    console = Console(stderr=True, highlight=False)
    before = signal.signal(signal.SIGTERM, raise_terminated)
    words = hyphenated(sys.argv[1:] if arguments is None else arguments)
    rest = [word for word in words if word != DEBUG]
    try:
        parsed = parser_of(rest).parse_args(rest)
        if getattr(parsed, "tasks", None) and hasattr(parsed, "suite"):
            from spurgen.harness.options.flags import with_rungs  # imported late: help needs no suite

            with_rungs(parsed)
        code = int(parsed.run(parsed, console))
        sys.stdout.flush()  # while a closed pipe can still be handled
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains as it ends
        return BROKEN_PIPE
    except KeyboardInterrupt as stop:
        notes = dict.fromkeys(getattr(stop, "__notes__", ()))
        console.print("; ".join(["stopped", *notes]), markup=False, soft_wrap=True)
        return TERMINATED if isinstance(stop, Terminated) else INTERRUPTED
    except Exception as error:
        if DEBUG in words:
            traceback.print_exc()
        error = explained(error, f"spurgen {next(iter(rest), '')}")
        expected = isinstance(error, SpurgenError) or _is_refusal(rest, error)
        console.print("error: " if expected else "internal error: ", style="bold red", end="")
        console.print(str(error) if expected else _describe_bug(error), markup=False, soft_wrap=True)
        return USER_ERROR if expected else INTERNAL_ERROR
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_refusal(words: Iterable[str], error: Exception) -> bool:
    """Return whether the disk is full, or the system refused a path that the command line names or one below it."""
    if not isinstance(error, OSError):
        return False
    if error.errno in FULL:
        return True
    if not isinstance(error.filename, str | os.PathLike):
        return False
    values = (word.partition("=")[2] if word.startswith("-") else word for word in words)
    named = [Path(value).absolute() for value in values if value]
    path = Path(error.filename).absolute()
    return path in named or (error.errno in REFUSED and any(path.is_relative_to(folder) for folder in named))


def _describe_bug(error: Exception) -> str:
    summary = "".join(traceback.format_exception_only(error)).partition("\n")[0]
    return f"{summary} (a bug in SpurGen: please report it; spurgen {DEBUG} COMMAND ... shows the traceback)"
