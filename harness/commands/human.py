"""Show a task's scenes to a person on a local page, and store and summarise the answers."""

import argparse
import re
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from spurgen.benchmark.errors import MissingError, ScenarioError, SpurgenError, shortened
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.harness.commands._arguments import add_results, add_suite, positive_int, read_world
from spurgen.harness.human.answers import Annotator, Answers, open_answers, read_answers
from spurgen.harness.human.people import answers_file, read_people
from spurgen.harness.human.protocol import MAX_PRACTICE, Protocol, make_protocol
from spurgen.harness.human.server import PageServer
from spurgen.harness.human.session import Session
from spurgen.harness.human.table import people_text
from spurgen.harness.machine.interrupts import explain_stop
from spurgen.harness.machine.printing import say

LAST_PORT = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_suite(parser)
    parser.add_argument("--task", metavar="TASK", help="the task to show; with --summary, default: all of the suite")
    parser.add_argument(
        "--annotator", type=read_annotator, metavar="NAME",
        help="who answers, such as p1: letters, digits and _ . -; goes on where that person stopped",
    )  # fmt: skip
    parser.add_argument("--world", type=read_world, metavar="N", help="world of the task's scenario; default: 0")
    parser.add_argument("--classes", type=positive_int, metavar="N", help="number of classes shown; default: 4")
    parser.add_argument(
        "--scenes", type=positive_int, metavar="N", help="number of test scenes; default: 64, more with many channels"
    )
    parser.add_argument(
        "--practice", type=read_practice, metavar="N",
        help="training scenes answered with feedback, at most; 0 for none; default: 20 per class",
    )  # fmt: skip
    parser.add_argument("--port", type=read_port, metavar="N", help="port of the page; default: a free one")
    parser.add_argument("--summary", action="store_true", help="print how people do, and show nothing to anybody")
    add_results(parser)


def read_annotator(text: str) -> str:
    """Read a person's name, for argparse."""
    try:
        return TypeAdapter(Annotator).validate_python(text)
    except ValidationError:
        raise argparse.ArgumentTypeError(
            f"{shortened(text)} is no name of a file: use 1 to 40 letters, digits and _ . -, first a letter or digit"
        ) from None


def read_practice(text: str) -> int:
    """Read the number of practice scenes, for argparse."""
    return _whole(text, MAX_PRACTICE)


def read_port(text: str) -> int:
    """Read the number of a port, for argparse."""
    return _whole(text, LAST_PORT)


def _whole(text: str, most: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) > most:
        raise argparse.ArgumentTypeError(f"must be 0 to {most:,}, not {shortened(text)}")
    return int(text)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Serve the page until the last answer, then print the table of the task; or print tables alone."""
    suite = load_suite(arguments.suite)
    if arguments.task:
        suite.task(arguments.task)
    if arguments.summary:
        flags = ("annotator", "world", "classes", "scenes", "practice", "port")
        useless = [f"--{flag}" for flag in flags if getattr(arguments, flag) is not None]
        if useless:
            raise SpurgenError(f"{', '.join(useless)}: no effect with --summary; leave it out")
    else:
        _ask(suite, arguments, console)
    _print_tables(suite, arguments)
    return 0


def _ask(suite: Suite, arguments: argparse.Namespace, console: Console) -> None:
    for flag in ("task", "annotator"):
        if getattr(arguments, flag) is None:
            raise SpurgenError(f"--{flag} is missing; name one, or print what there is with --summary")
    path = answers_file(arguments.results, suite.name, arguments.task, arguments.annotator)
    with console.status("choosing scenes"):
        protocol = _protocol(suite, arguments, path)
    with open_answers(path, protocol.header) as (file, answers):
        session = Session(protocol, file, answers)
        if session.step is None:
            say(console, f"{arguments.annotator} has answered all of {arguments.task}: {path}")
            return
        session.scene(session.step)  # compiles what draws scenes, so that the first one takes no longer than others
        note = f"answers are in {path}; the same command goes on with them"
        with PageServer(session, arguments.port or 0) as server, explain_stop(note):
            say(console, f"open {server.url} in a browser on this machine; Ctrl-C stops, and the same command goes on")
            server.serve_forever()
    say(console, f"all answers are in {path}")


def _protocol(suite: Suite, arguments: argparse.Namespace, path: Path) -> Protocol:
    """Return the protocol that the flags ask for; those left out are as in the annotator's file, if there is one."""
    before = _before(path)
    task = suite.task(arguments.task)
    if arguments.world and task.scenario.worlds == 1:
        raise ScenarioError(f"--world {arguments.world}: task {task.name} has one world; leave it out")
    asked = {flag: getattr(arguments, flag) for flag in ("world", "classes", "scenes", "practice")}
    if before:
        header = before.header
        known = {
            "world": header.world, "classes": len(header.classes), "scenes": header.scenes, "practice": header.practice,
        }  # fmt: skip
        asked = {flag: known[flag] if value is None else value for flag, value in asked.items()}
    return make_protocol(suite, task.name, arguments.annotator, **asked | {"world": asked["world"] or 0})


def _before(path: Path) -> Answers | None:
    try:
        return read_answers(path)
    except MissingError:
        return None


def _print_tables(suite: Suite, arguments: argparse.Namespace) -> None:
    people = read_people(suite, arguments.results)
    shown = {name: there for name, there in people.items() if arguments.task in (None, name)}
    if not shown:
        raise SpurgenError(
            f"{arguments.results} has no answers to {arguments.task or f'suite {suite.name}'}; run spurgen human "
            "without --summary, or name the folder by --results"
        )
    for name, there in shown.items():
        print("\n".join([f"## {name}", "", *people_text(there)]))
