"""Verifying a suite's splits for a command, with a progress bar."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import Suite
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.options.flags import Flags
from spurgen.harness.splits.freeze import part_sizes
from spurgen.harness.splits.private import check_revealed, read_commitments
from spurgen.harness.splits.store import DATA
from spurgen.harness.splits.verify import stamp, stamped, verify, verify_store

NAMED = 12  # scenarios at most that a message names


def add_data(parser: Flags) -> None:
    """Declare the flag that names the folder of the splits on disk."""
    parser.add_argument(
        "--data", type=Path, default=DATA, metavar="FOLDER",
        help=f"folder of the suites' splits, where they are on disk; default: {DATA}",
    )  # fmt: skip


def total(suite: Suite) -> int:
    """Return the number of all samples of a suite, twins included."""
    return sum(sum(part_sizes(scenario).values()) for scenario in suite.scenarios.values())


def only(suite: Suite, names: Iterable[str]) -> Suite:
    """Return a suite with the named scenarios only, worlds or templates, or with all if none is named.

    With names, a task whose scenario is a template becomes a task for each of its worlds.
    """
    wanted = set(names)
    if not wanted:
        return suite
    tasks = [(task, seed) for task in suite.tasks.values() for seed in range(task.scenario.worlds)]
    known = dict.fromkeys([*suite.scenarios, *(task.scenario.name for task, _ in tasks)])
    wanted = {one_of("scenario", name, known) for name in wanted}
    kept = {
        f"{task.name}, seed {seed}" if task.scenario.worlds > 1 else task.name: task.in_world(seed)
        for task, seed in tasks
        if {task.scenario.name, task.in_world(seed).scenario.name} & wanted
    }
    return replace(suite, tasks=kept)


def verify_all(suite: Suite, root: Path, console: Console, jobs: int | None = None) -> int:
    """Verify the generators and the files on disk against the manifest; return 0 or 1."""
    worlds = ", ".join(suite.scenarios) if len(suite.scenarios) <= NAMED else f"{len(suite.scenarios)} worlds"
    say(console, f"verifying suite {suite.name}: making {total(suite):,} samples of {worlds} again")
    with samples_bar(console, total(suite)) as advance:
        wrong = verify(suite, advance, jobs)
    stored, problems = (0, [wrong]) if wrong else verify_store(suite, root)
    for problem in problems:
        say(console, problem)
    if problems or _verify_revealed(suite, console):
        return 1
    try:
        stamp(suite, root)
    except OSError as error:
        say(console, f"cannot note this in {root} ({error.strerror}), so {spurgen('benchmark')} verifies again")
    on_disk = f"so do {stored} parts on disk in {root}" if stored else f"no split is stored in {root}"
    say(console, f"suite {suite.name}: regenerated {total(suite):,} samples; all match the manifest; {on_disk}")
    return 0


def verified(suite: Suite, names: Iterable[str], root: Path, console: Console, jobs: int | None = None) -> bool:
    """Return whether the named scenarios are the frozen ones: by an earlier record, or else verified now."""
    used = only(suite, names)
    return stamped(used, root) or not verify_all(used, root, console, jobs)


def _verify_revealed(suite: Suite, console: Console) -> int:
    """Make the private splits with revealed secrets again; return 1 if one differs from its commitment."""
    if set(suite.scenarios) != set(suite.manifest.scenarios):
        return 0  # a commitment covers the data of the whole suite
    for commitment in read_commitments(suite):
        if commitment.revealed is not None:
            with samples_bar(console, total(suite), "private samples") as advance:
                problem = check_revealed(suite, commitment, advance)
            say(console, problem or f"commitment {commitment.number}: its secret and its data are those committed to")
            if problem:
                return 1
    return 0
