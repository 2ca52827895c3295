"""Check the rules by which a ladder enters a suite, on tuning worlds, which are never ranked."""

import argparse
import sys
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import numpy as np
from rich.console import Console

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.plugins import split_spec
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.task import Task
from spurgen.benchmark.world import Description
from spurgen.harness.board.placing import ERM
from spurgen.harness.cli import run_script
from spurgen.harness.experiments.curves import Curve, Run, lowest, measure, unencoded
from spurgen.harness.machine.files import cache_folder
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.options.flags import add_jobs, add_seeds, add_suite
from spurgen.harness.options.printing import add_page, around, renew
from spurgen.harness.options.submissions import encode
from spurgen.harness.results.store import label_of
from spurgen.harness.running.plan import tricks
from spurgen.harness.validity.fingerprint import GIVEN, INFERRED, mean_precision, strong
from spurgen.harness.validity.ladders import Rule, Untidy, check_rules, needed_text

METHODS = ("erm", "resample", "group_dro", "bsoftmax", "jtt", "subg", "dfr", "adversarial", "contrastive")
TWINS = ("contrastive",)
STATES = ("mislead", "agree", "neutral")
FREE, ERRORS = "without a correlation", "strongly regularised"
"""Keys of the runs of ERM for the ceiling, and for its errors, in place of a method's name and of a kind's."""
Heights = dict[int, float]
"""A(m) by number of counterexamples."""
Line = dict[str, object]
Found = dict[str, dict[str, list[Curve]]]
"""Curves by method and kind of run, one per world; those without a correlation are at `[FREE][FREE]`."""
Verdict = tuple[list[Line], list[Rule]]
"""A ladder's table, a line a method, and its rules."""
Beside = dict[str, Mapping[str, Mapping[str, Any]]]
"""Further runs by method and kind: the fields of `Run`."""
Kinds = Callable[[str, Description], Mapping[str, Mapping[str, Any]]]
"""Kinds of runs of a method on a ladder, by name: the fields of `Run` that differ."""


def by_entry_rules(ladder: str, found: Found) -> Verdict:
    """Judge a ladder by the entry rules."""
    free, errors = found.pop(FREE)[FREE], found.pop(ERRORS, {}).get(ERRORS)
    curves = {method: kinds[""] for method, kinds in found.items()}
    (ceiling,) = heights(free).values()
    if not errors:
        return judge(ladder, curves, ceiling, None, real=True)
    seen = float(np.mean([min(each["0"][f"seen_{state}"] for state in STATES) for each in free]))
    apart = np.ptp([np.mean([each["0"][f"accuracy_{state}"] for each in free]) for state in STATES])
    inferred, *others = [label for spec in (INFERRED, *tricks()) if (label := label_of(spec, {})) in curves]
    words = [label for label in others if label != inferred]
    return judge(ladder, curves, ceiling, seen, Untidy(mean_precision(errors), float(apart), GIVEN, inferred, words))


def without_correlation(_: Task) -> Beside:
    """Return the runs of ERM without a correlation: the ceiling."""
    return {FREE: {FREE: {"method": ERM, "uncorrelated": True, "rungs": (0,)}}}


def controls_of(task: Task) -> Beside:
    """Return the runs of the ceiling; on drawn ladders also of the control rows, and of ERM for its errors."""
    runs = without_correlation(task)
    if not task.has_twins:
        return runs
    programs = [GIVEN, *(spec for spec in tricks() if task.modality in _modalities(spec))]
    fit = {label_of(spec, {}): {"": {"method": spec}} for spec in programs}
    above = tuple(m for m in task.scenario.rungs if m)
    return runs | fit | {ERRORS: {ERRORS: {"method": ERM, "options": strong(), "rungs": above}}}


def _modalities(spec: str) -> Container[str]:
    """Return the modalities that a control row takes."""
    known: Container[str] = getattr(import_module(split_spec(spec)[0]), "MODALITIES", get_args(Modality))
    return known


def check(
    name: str, arguments: argparse.Namespace, console: Console, kinds: Kinds, judged: Callable[[str, Found], Verdict],
    beside: Callable[[Task], Beside] = lambda _: {},
) -> int:  # fmt: skip
    """Measure methods on ladders in several kinds of runs; print the lines and rules that `judged` makes of a ladder's.

    `beside`: further runs on the ladder of a rung. The section `name` of the page is renewed. Return 1 if a rule is
    missed.
    """
    marks = _marks(name)
    if arguments.page:
        around(arguments.page, *marks)
    suite, runs = load_suite(arguments.suite), dict[str, dict[str, dict[str, list[Run]]]]()
    for ladder in arguments.ladders or [name for name, rungs in suite.ladders.items() if rungs[0].name in suite.main]:
        task = lowest(arguments.suite, ladder)
        methods = [method for method in arguments.methods if task.has_twins or method not in TWINS]
        wanted = {method: kinds(method, task.scenario) for method in methods} | beside(task)
        worlds = arguments.seeds if task.has_twins else range(task.scenario.worlds)  # draws of real data are few
        runs[ladder] = {
            method: {
                kind: [Run(arguments.suite, ladder, world, **{"method": method, **fields}) for world in worlds]
                for kind, fields in of_method.items()
            }
            for method, of_method in wanted.items()
        }
    each = [
        run for by_method in runs.values() for of in by_method.values() for of_kind in of.values() for run in of_kind
    ]
    encode(unencoded(each), console, arguments.jobs)
    known = measure(list(dict.fromkeys(each)), arguments.out, arguments.jobs, partial(_tell, console))
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


def _tell(console: Console, run: Run) -> None:
    console.print(f"{run.ladder}  world {run.world}  {run.method}  {'' if run.options == '{}' else run.options}")


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


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


def heights(worlds: Sequence[Curve]) -> Heights:
    """Return A(m), the lowest accuracy on unseen things, averaged over worlds, by number of counterexamples."""
    return {int(m): float(np.mean([world[m]["robust_accuracy"] for world in worlds])) for m in worlds[0]}


def judge(
    ladder: str, curves: Mapping[str, Sequence[Curve]], ceiling: float, seen: float | None,
    untidy: Untidy | None = None, *, real: bool = False,
) -> Verdict:  # fmt: skip
    """Return a ladder's table of curves, a line a method, and its rules; `curves`: by method, of each world.

    `ceiling` and `seen`: the same learner's accuracy without a correlation, on unseen things and on those of train.
    `untidy`, `real`: as of `check_rules`.
    """
    lines, reached = list[Line](), dict[str, Heights]()
    for method, worlds in curves.items():
        states = [state for state in STATES if f"accuracy_{state}" in next(iter(worlds[0].values()))]
        by_rung = {m: np.mean([[w[m][f"accuracy_{state}"] for state in states] for w in worlds], 0) for m in worlds[0]}
        reached[method] = heights(worlds)
        cells = {
            f"m = {m}": f"{at[0]:.2f} ({', '.join(f'{each:.2f}' for each in at[1:])})" for m, at in by_rung.items()
        }
        lines.append({"Ladder": ladder, "Method": method, **cells, "N": needed_text(reached[method], ceiling)})
    return lines, check_rules(reached, TWINS, ceiling, seen, untidy, real=real)


add_arguments = partial(add_flags, name="ladders", methods=METHODS)
run = partial(check, "ladders", kinds=lambda *_: {"": {}}, judged=by_entry_rules, beside=controls_of)

if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
