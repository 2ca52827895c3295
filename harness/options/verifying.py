"""Verifying a suite's splits for a command, with a progress bar."""

from collections.abc import Iterable
from dataclasses import replace

from rich.console import Console

from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import Suite
from spurgen.harness.machine.files import cache_folder
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.splits.frozen import stamp, stamped, verify

NAMED = 12  # scenarios at most that a message names


def total(suite: Suite) -> int:
    """Return the number of all samples of a suite, twins included."""
    return sum(sum(scenario.parts.values()) for scenario in suite.scenarios.values())


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


def verify_all(suite: Suite, console: Console, jobs: int | None = None) -> int:
    """Verify the generators against the manifest; return 0 or 1."""
    worlds = ", ".join(suite.scenarios) if len(suite.scenarios) <= NAMED else f"{len(suite.scenarios)} worlds"
    say(console, f"verifying suite {suite.name}: making {total(suite):,} samples of {worlds} again")
    with samples_bar(console, total(suite)) as advance:
        wrong = verify(suite, advance, jobs)
    if wrong:
        say(console, wrong)
        return 1
    try:
        stamp(suite)
    except OSError as error:
        place = f"{cache_folder()} ({error.strerror})"
        say(console, f"cannot note this in {place}, so other commands verify again; SPURGEN_CACHE names another folder")
    say(console, f"suite {suite.name}: regenerated {total(suite):,} samples; all match the manifest")
    return 0


def verified(suite: Suite, names: Iterable[str], console: Console, jobs: int | None = None) -> bool:
    """Return whether the named scenarios are the frozen ones: by an earlier record, or else verified now."""
    used = only(suite, names)
    return stamped(used) or not verify_all(used, console, jobs)
