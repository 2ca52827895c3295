"""Check the rules by which a ladder enters a suite, on tuning worlds, which are never ranked."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console

from spurgen.benchmark.suite import Suite, load_suite
from spurgen.benchmark.task import Rung
from spurgen.harness.cli import run_script
from spurgen.harness.experiments.tuning import fit_on_rung
from spurgen.harness.machine import pool
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.options.flags import add_jobs, add_seeds, add_suite
from spurgen.harness.options.sections import add_page, around, renew
from spurgen.harness.results.answered import answered, scored_parts
from spurgen.harness.results.identity import submission_digest
from spurgen.harness.running import features, rungs
from spurgen.harness.running.plan import baseline_specs, plan_unfrozen
from spurgen.harness.validity.entry import entry_rules, needed

BEGIN, END = "<!-- ladders: begin -->", "<!-- ladders: end -->"
WORLDS = "100-102"
METHODS = ("erm", "resample", "group_dro", "jtt", "subg", "dfr", "adversarial", "contrastive")
TWINS = ("contrastive",)
STATES = ("mislead", "agree", "neutral")
Curve = dict[str, list[float]]
"""Accuracies in the order of `STATES`, and then the lowest on things of train, by number of counterexamples."""
Line = dict[str, object]


class Run(NamedTuple):
    """A method on all rungs of a ladder in a tuning world; `uncorrelated` makes one rung, the ceiling."""

    suite: str
    ladder: str
    world: int
    method: str
    options: str = "{}"
    uncorrelated: bool = False


def rungs_of(suite: Suite, ladder: str) -> list[Rung]:
    """Return the tasks of a ladder, with the fewest counterexamples first."""
    return [task for task in suite.tasks.values() if isinstance(task, Rung) and task.of == ladder]


def climb(run: Run) -> Curve:
    """Train on every rung; return the accuracies."""
    found: Curve = {}
    for task in rungs_of(load_suite(run.suite), run.ladder):
        if run.uncorrelated and task.counterexamples:
            continue
        planned = plan_unfrozen(task, baseline_specs([run.method])[0], run.world, "cpu", json.loads(run.options))
        job = replace(planned, uncorrelated=run.uncorrelated)
        submission, rung = fit_on_rung(job), rungs.rung_of(job)
        assert submission.predict is not None
        classes = {
            part: np.asarray(submission.predict(rungs.make_part(job, part).inputs)).argmax(axis=1)
            for part in scored_parts(rung)
        }
        values = answered(rung, classes).metrics
        seen = min(values[f"seen_{state}"] for state in STATES)
        found[str(task.counterexamples)] = [*(values[f"accuracy_{state}"] for state in STATES), seen]
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add_suite(parser)
    parser.add_argument("--ladders", nargs="+", default=[], metavar="LADDER", help="default: the main ones")
    parser.add_argument("--methods", nargs="+", default=METHODS, metavar="METHOD", help="default: one of each family")
    add_seeds(parser, WORLDS, "100-102, which no suite freezes")
    parser.add_argument(
        "--out", type=Path, default=features.cache_folder() / "ladders.json", metavar="FILE",
        help="what was measured before, and is not measured again",
    )  # fmt: skip
    add_jobs(parser)
    add_page(parser, BEGIN, END)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train what is missing, print the curves and the rules, and renew the page; return 1 if a rule is missed."""
    if arguments.page:
        around(arguments.page, BEGIN, END)
    suite = load_suite(arguments.suite)
    ladders = arguments.ladders or list(dict.fromkeys(t.of for t in suite.main.values() if isinstance(t, Rung)))
    worlds = arguments.seeds
    wanted = [Run(arguments.suite, name, w, m) for name in ladders for w in worlds for m in arguments.methods]
    wanted += [Run(arguments.suite, name, w, "erm", "{}", True) for name in ladders for w in worlds]
    used = [rung for name in ladders for w in worlds if isinstance(rung := rungs_of(suite, name)[0].in_world(w), Rung)]
    for _ in features.compute(features.missing(used, None), arguments.jobs):
        pass
    known = _stored(arguments.out)
    for each, curve in pool.run(climb, [each for each in wanted if _key(suite, each) not in known], arguments.jobs):
        known[_key(suite, each)] = curve
        write_atomically(arguments.out, json.dumps(known))
        console.print(f"{each.ladder}  world {each.world}  {each.method}")
    table, missed = [], []
    for name in ladders:
        curves: dict[str, list[Curve]] = {}
        for each in (run for run in wanted if run.ladder == name):
            curves.setdefault("" if each.uncorrelated else each.method, []).append(known[_key(suite, each)])
        free = [next(iter(curve.values())) for curve in curves.pop("")]
        lines, rules = judge(name, curves, _height(free), float(np.mean([each[-1] for each in free])))
        table += lines
        missed += rules
    text = markdown_table(table) + "\n\n" + markdown_table(missed)
    print(text)
    if arguments.page:
        console.print(renew(arguments.page, BEGIN, END, text))
    return int(any(row["Met"] == "no" for row in missed))


def _height(worlds: Sequence[Sequence[float]]) -> float:
    """Return A(m): the lowest accuracy on unseen things, averaged over worlds."""
    return float(np.mean([min(accuracies[: len(STATES)]) for accuracies in worlds]))


def judge(
    ladder: str, curves: Mapping[str, Sequence[Curve]], ceiling: float, seen: float
) -> tuple[list[Line], list[Line]]:
    """Return a ladder's table of curves, a line a method, and its rules; `curves`: by method, of each world.

    `ceiling` and `seen`: what the same learner reaches without a correlation, on unseen things and on those of train.
    """
    lines, heights = list[Line](), dict[str, dict[int, float]]()
    for method, worlds in curves.items():
        by_rung = {int(m): [world[m] for world in worlds] for m in worlds[0]}
        heights[method] = {m: _height(at) for m, at in by_rung.items()}
        cells = {f"m = {m}": "{:.2f} ({:.2f}, {:.2f})".format(*np.mean(at, axis=0)) for m, at in by_rung.items()}
        number = f"{needed(heights[method], ceiling):.3g}"
        lines.append({"Ladder": ladder, "Method": method, **cells, "N": number})
    rules: list[Line] = [
        {"Ladder": ladder, "Rule": rule, "Found": found, "Met": "yes" if met else "no"}
        for rule, found, met in entry_rules(heights, TWINS, ceiling, seen)
    ]
    return lines, rules


def _key(suite: Suite, run: Run) -> str:
    """Return what a measurement is stored under: it depends on the ladder and on the versions of the method."""
    scenario = rungs_of(suite, run.ladder)[0].ladder.digest
    return json.dumps([*run, scenario, submission_digest(baseline_specs([run.method])[0])])


def _stored(path: Path) -> dict[str, Curve]:
    known: dict[str, Curve] = json.loads(path.read_text()) if path.exists() else {}
    return known


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
