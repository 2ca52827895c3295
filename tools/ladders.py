"""Check the rules by which a ladder enters a suite, on tuning worlds, which are never ranked."""

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.benchmark.task import Task
from spurgen.benchmark.world import Description
from spurgen.harness.cli import run_script
from spurgen.harness.experiments.tuning import fit_on_rung
from spurgen.harness.machine import pool
from spurgen.harness.machine.files import cache_folder, write_atomically
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.options.flags import add_jobs, add_seeds, add_suite
from spurgen.harness.options.printing import add_page, around, renew
from spurgen.harness.results.answered import answered
from spurgen.harness.results.identity import submission_digest
from spurgen.harness.running import features
from spurgen.harness.running.data import make_part
from spurgen.harness.running.plan import baseline_specs, plan_unfrozen
from spurgen.harness.validity.ladders import Rule, check_rules, needed_text

METHODS = ("erm", "resample", "group_dro", "jtt", "subg", "dfr", "adversarial", "contrastive")
TWINS = ("contrastive",)
STATES = ("mislead", "agree", "neutral")
FREE = ""
"""Key of the runs of ERM without a correlation, in place of a method's name and of a kind's."""
Curve = dict[str, list[float]]
"""Accuracies in the order of `STATES`, and then the lowest on things of train, by number of counterexamples."""
Heights = dict[int, float]
"""A(m) by number of counterexamples."""
Line = dict[str, object]
Found = dict[str, dict[str, list[Curve]]]
"""Curves by method and kind of run, one per world; those without a correlation are at `[FREE][FREE]`."""
Verdict = tuple[list[Line], list[Rule]]
"""A ladder's table, a line a method, and its rules."""
Kinds = Callable[[str, Description], Mapping[str, Mapping[str, Any]]]
"""Kinds of runs of a method on a ladder, by name: the fields of `Run` that differ."""


class Run(NamedTuple):
    """A method on all rungs of a ladder in a tuning world.

    `uncorrelated` makes one rung, the ceiling; `between` those halfway, by factors, between the ladder's above 0.
    `train`: another number of train samples than the ladder's.
    """

    suite: str
    ladder: str
    world: int
    method: str
    options: str = "{}"
    uncorrelated: bool = False
    between: bool = False
    train: int = 0


def rungs_of(suite: Suite, ladder: str, train: int = 0) -> Sequence[Task]:
    """Return the tasks of a ladder, with the fewest counterexamples first; `train`: as of `Run`."""
    tasks = suite.ladders[one_of("ladder", ladder, suite.ladders)]
    if train:
        resized = tasks[0].scenario.model_copy(update={"train": train})
        return [replace(task, scenario=resized) for task in tasks]
    return tasks


def climb(run: Run) -> Curve:
    """Train on every rung; return the accuracies."""
    found: Curve = {}
    tasks = rungs_of(load_suite(run.suite), run.ladder, run.train)
    if run.between:
        above = [task for task in tasks if task.counterexamples]
        middles = [round(math.sqrt(low.counterexamples * high.counterexamples)) for low, high in pairwise(above)]
        tasks = [replace(above[0], counterexamples=m) for m in middles]
    for task in tasks:
        if run.uncorrelated and task.counterexamples:
            continue
        planned = plan_unfrozen(task, baseline_specs([run.method])[0], run.world, "cpu", json.loads(run.options))
        job = replace(planned, uncorrelated=run.uncorrelated)
        submission, rung = fit_on_rung(job), job.task
        assert submission.predict is not None
        asked = (make_part(job, part).inputs for part in rung.scenario.asked(rung.modality))
        classes = np.concatenate([np.asarray(submission.predict(inputs)).argmax(axis=1) for inputs in asked])
        values = answered(rung, classes).metrics
        seen = min(values[f"seen_{state}"] for state in STATES)
        found[str(task.counterexamples)] = [*(values[f"accuracy_{state}"] for state in STATES), seen]
    return found


def by_entry_rules(ladder: str, found: Found) -> Verdict:
    """Judge a ladder by the entry rules."""
    free = [next(iter(curve.values())) for curve in found.pop(FREE)[FREE]]
    curves = {method: kinds[""] for method, kinds in found.items()}
    return judge(ladder, curves, height(free), float(np.mean([each[-1] for each in free])))


def check(
    name: str, arguments: argparse.Namespace, console: Console, kinds: Kinds, judged: Callable[[str, Found], Verdict],
    *, free: bool = False,
) -> int:  # fmt: skip
    """Measure methods on ladders in several kinds of runs; print the lines and rules that `judged` makes of a ladder's.

    `free`: measure ERM without a correlation as well, the ceiling. The section `name` of the page is renewed. Return 1
    if a rule is missed.
    """
    marks = _marks(name)
    if arguments.page:
        around(arguments.page, *marks)
    suite, runs = load_suite(arguments.suite), dict[str, dict[str, dict[str, list[Run]]]]()
    for ladder in arguments.ladders or [name for name, rungs in suite.ladders.items() if rungs[0].name in suite.main]:
        wanted = {method: kinds(method, rungs_of(suite, ladder)[0].scenario) for method in arguments.methods}
        wanted |= {FREE: {FREE: {"uncorrelated": True}}} if free else {}
        runs[ladder] = {
            method: {
                kind: [Run(arguments.suite, ladder, world, method or "erm", **fields) for world in arguments.seeds]
                for kind, fields in of_method.items()
            }
            for method, of_method in wanted.items()
        }
    each = [
        run for by_method in runs.values() for of in by_method.values() for of_kind in of.values() for run in of_kind
    ]
    known = measure(list(dict.fromkeys(each)), arguments.out, arguments.jobs, console)
    lines, rules = list[Line](), list[Line]()
    for ladder, by_method in runs.items():
        curves = {
            m: {kind: [known[run] for run in of_kind] for kind, of_kind in of.items()} for m, of in by_method.items()
        }
        more, found = judged(ladder, curves)
        lines += more
        met = {True: "yes", False: "no", None: "not asked"}
        rules += [{"Ladder": ladder, "Rule": rule, "Found": what, "Met": met[ok]} for rule, what, ok in found]
    text = markdown_table(lines) + "\n\n" + markdown_table(rules)
    print(text)
    if arguments.page:
        console.print(renew(arguments.page, *marks, text))
    return int(any(row["Met"] == "no" for row in rules))


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def measure(wanted: Sequence[Run], path: Path, jobs: int | None, console: Console) -> dict[Run, Curve]:
    """Return the curve of each run; runs that are not in the file `path` are trained, and stored there as they end."""
    suites = {run.suite: load_suite(run.suite) for run in wanted}
    worlds = {(run.suite, run.ladder, run.train, run.world) for run in wanted}
    used = [rungs_of(suites[suite], name, train)[0].in_world(world) for suite, name, train, world in sorted(worlds)]
    for _ in features.compute(features.missing(used, None), jobs):
        pass
    keys = {run: _key(suites[run.suite], run) for run in wanted}
    known = _stored(path)
    for run, curve in pool.run(climb, [run for run, key in keys.items() if key not in known], jobs):
        known[keys[run]] = curve
        write_atomically(path, json.dumps(known))
        console.print(f"{run.ladder}  world {run.world}  {run.method}  {'' if run.options == '{}' else run.options}")
    return {run: known[key] for run, key in keys.items()}


def add_flags(parser: argparse.ArgumentParser, name: str, methods: Sequence[str], worlds: str = "100-102") -> None:
    """Declare what is measured, where it is stored, and the page whose section `name` is renewed."""
    add_suite(parser)
    parser.add_argument("--ladders", nargs="+", default=[], metavar="LADDER", help="default: the main ones")
    parser.add_argument("--methods", nargs="+", default=methods, metavar="METHOD", help="default: one of each family")
    add_seeds(parser, worlds, f"{worlds}, which no suite freezes")
    parser.add_argument(
        "--out", type=Path, default=cache_folder() / "ladders.json", metavar="FILE",
        help="what was measured before, and is not measured again",
    )  # fmt: skip
    add_jobs(parser)
    add_page(parser, *_marks(name))


def height(worlds: Sequence[Sequence[float]]) -> float:
    """Return A(m): the lowest accuracy on unseen things, averaged over worlds."""
    return float(np.mean([min(accuracies[: len(STATES)]) for accuracies in worlds]))


def heights(worlds: Sequence[Curve]) -> Heights:
    """Return A(m) by number of counterexamples."""
    return {int(m): height([world[m] for world in worlds]) for m in worlds[0]}


def judge(ladder: str, curves: Mapping[str, Sequence[Curve]], ceiling: float, seen: float) -> Verdict:
    """Return a ladder's table of curves, a line a method, and its rules; `curves`: by method, of each world.

    `ceiling` and `seen`: the same learner's accuracy without a correlation, on unseen things and on those of train.
    """
    lines, reached = list[Line](), dict[str, Heights]()
    for method, worlds in curves.items():
        by_rung = {int(m): [world[m] for world in worlds] for m in worlds[0]}
        reached[method] = heights(worlds)
        cells = {f"m = {m}": "{:.2f} ({:.2f}, {:.2f})".format(*np.mean(at, axis=0)) for m, at in by_rung.items()}
        lines.append({"Ladder": ladder, "Method": method, **cells, "N": needed_text(reached[method], ceiling)})
    return lines, check_rules(reached, TWINS, ceiling, seen)


def _key(suite: Suite, run: Run) -> str:
    """Return the key that a measurement is stored under: it depends on the ladder and on the versions of the method."""
    scenario = rungs_of(suite, run.ladder)[0].scenario.digest
    asked = [*run[:6], *filter(None, run[6:])]  # older measurements lack the further fields
    return json.dumps([*asked, scenario, submission_digest(baseline_specs([run.method])[0])])


def _stored(path: Path) -> dict[str, Curve]:
    known: dict[str, Curve] = json.loads(path.read_text()) if path.exists() else {}
    return known


add_arguments = partial(add_flags, name="ladders", methods=METHODS)
run = partial(check, "ladders", kinds=lambda *_: {"": {}}, judged=by_entry_rules, free=True)

if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
