"""The fingerprint of a ladder: figures that show how much it is like real data.

They are of heads on frozen features. Worlds are the units, as everywhere; of a collection, draws.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from spurgen.baselines.training.encoders import Features
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.plugins import BASELINES
from spurgen.benchmark.task import Task
from spurgen.benchmark.world import Description
from spurgen.generators.world import Samples, World, world_of
from spurgen.harness.board.placing import ERM
from spurgen.harness.experiments.curves import Curve, Run
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.running.data import fitted, make_part
from spurgen.harness.running.plan import baseline_specs, plan_unfrozen
from spurgen.harness.statistics.components import share_between_units
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.needed import Goal, Needed, Ratio, needed, needed_ratio
from spurgen.harness.statistics.samples import named_generator
from spurgen.harness.statistics.units import Spread, mean_estimate

TUNING = tuple(range(100, 105))
"""Worlds that no suite ranks."""
GIVEN, INFERRED = "bsoftmax", f"{BASELINES}.controls.groups_from_errors:submission"
"""Balanced softmax with groups given, and with groups inferred from ERM's errors."""
SCORED = (ERM, "resample", "subg", GIVEN, INFERRED)
"""Methods whose ladder scores make the table of variances."""
PART = 4  # ERM also trains on this part of the samples that are no counterexamples
PROBED, PROBES = 32, 10  # samples that a probe sees at most, and draws of them in a world
Worlds = Sequence[Curve]


class Probes(NamedTuple):
    """Accuracies of probes by world, float64 (W,): for the class, and for the class that the shortcuts go with."""

    label: Float64
    shortcut: Float64


class Fingerprint(NamedTuple):
    """Figures of a ladder, with intervals over its worlds; None where there is none.

    `precision`, `recall`: of the errors of a strongly regularised ERM, taken for counterexamples: means over the rungs
    above 0, and `precisions` by rung. `ceiling`: ERM's accuracy without the correlation; `declared` in the description
    where it cannot be measured. `probes`: accuracies for the class and for the shortcuts, or why there are none. `erm`,
    `given`, `inferred`: counterexamples needed by ERM, and by balanced softmax with groups given and inferred.
    `worth`: the last as a multiple of the one before. `larger`: what ERM needs, as a multiple of what it needs with a
    `PART` of the train samples. `between`: share of the variance of ladder scores that is between worlds.
    """

    worlds: int
    precision: Estimate | None
    recall: Estimate | None
    precisions: tuple[float, ...]
    ceiling: Estimate | None
    declared: bool
    probes: tuple[Estimate | None, Estimate | None] | str
    between: Estimate | None
    erm: Needed | None = None
    given: Needed | None = None
    inferred: Needed | None = None
    worth: Ratio | None = None
    larger: Ratio | None = None

    @property
    def cells(self) -> dict[str, str]:
        """The figures as a line of a table."""
        by_rung = ", ".join("-" if math.isnan(each) else f"{each:.2f}" for each in self.precisions)
        ceiling = _shown(self.ceiling, "none") + " (declared)" * self.declared
        label, shortcut = (self.probes,) * 2 if isinstance(self.probes, str) else map(_shown, self.probes)
        unknown = "no ceiling"
        return {
            "Worlds": f"{self.worlds}",
            "Precision (by rung)": f"{_shown(self.precision, 'ERM makes no error')} ({by_rung})",
            "Recall": _shown(self.recall), "Ceiling": ceiling,
            "Class, 32 samples": label, "Shortcut, 32 samples": shortcut,
            "Exponent of n": exponent_text(self.larger) if self.larger else unknown,
            **{title: each.text if each else unknown for title, each in
               (("N of ERM", self.erm), ("N, groups given", self.given), ("N, groups inferred", self.inferred))},
            "Inferred / given": (self.worth.text or "beyond the ladder") if self.worth else unknown,
            "Variance between worlds": _shown(self.between, "one world" if self.worlds == 1 else "not known"),
        }  # fmt: skip


def _shown(figure: Estimate | None, otherwise: str = "") -> str:
    return figure.text(".2f") if figure else otherwise


def exponent_text(ratio: Ratio) -> str:
    """Return the exponent of N in n as text: `ratio` is of N with n samples to N with n / `PART`."""

    def exponent(number: float) -> float:
        return math.log(number, PART) if number > 0 else -math.inf

    least, most = exponent(ratio.least), exponent(ratio.most)
    if math.isinf(least) and math.isinf(most):
        return "beyond the ladder"
    shown = f"{least:.2f}" if ratio.exact else f"<={most:.2f}" if math.isinf(least) else f">{least:.2f}"
    ends = [] if ratio.interval is None else map(exponent, ratio.interval)
    known = ["no bound" if math.isinf(end) else f"{end:.2f}" for end in ends]
    return shown + (f" [{', '.join(known)}]" if known else "")


def check_ladder(task: Task) -> None:
    """Raise `ScenarioError` if the ladder of a rung has no fingerprint, or an error of its world if it has none."""
    name = task.of
    if not any(task.scenario.rungs):
        raise ScenarioError(f"{name} has no rung above 0, and counterexamples are needed; add some to rungs")
    if task.backbone != "frozen":
        raise ScenarioError(f"{name} trains whole encoders; the fingerprint is of frozen features: leave it out")
    world_of(task.in_world(0).scenario)


def worlds_of(description: Description, asked: Sequence[int] | None) -> Sequence[int]:
    """Return the worlds to measure: those asked for, else `TUNING`, or all draws of a ladder that lacks these.

    Raise `ScenarioError` for one that there is not.
    """
    if description.worlds == 1:
        return (0,)
    try:
        for world in asked or TUNING:
            description.in_world(world)
    except ScenarioError:
        if asked:
            raise
        return range(description.worlds)
    return asked or TUNING


def strong() -> str:
    """Return the options of a strongly regularised ERM, JSON."""
    from spurgen.baselines.controls import groups_from_errors  # loads torch

    return json.dumps({"l2": groups_from_errors.submission.hyper("features").first_l2})


def runs_of(task: Task, suite: str, ladder: str, worlds: Sequence[int]) -> dict[str, list[Run]]:
    """Return what is trained on a ladder, a run per world; `suite`, `ladder`: as of `Run`.

    Keys are the methods of `SCORED`, `errors`, `part` and, where the ladder has samples without a correlation, `free`.
    """
    above = tuple(m for m in task.scenario.rungs if m)
    kinds: dict[str, dict[str, Any]] = {method: {"method": method} for method in SCORED}
    kinds |= {"errors": {"method": ERM, "options": strong()}, "part": {"method": ERM, "share": 1 / PART}}
    try:
        task.scenario.flat("train")
        kinds["free"] = {"method": ERM, "uncorrelated": True, "rungs": (0,)}
    except ScenarioError:
        pass
    named = "" if ladder.endswith(".toml") else suite, ladder
    return {
        kind: [Run(*named, world, **{"rungs": above, **fields}) for world in worlds] for kind, fields in kinds.items()
    }


def fingerprint(curves: Mapping[str, Worlds], declared: float | None, probes: Probes | str) -> Fingerprint:
    """Return the fingerprint of a ladder by the curves of its runs, of the keys of `runs_of`, each world by world.

    `declared`: its ceiling, as its description has it.
    """
    heights = {kind: _table(each, "robust_accuracy") for kind, each in curves.items()}
    measured = mean_estimate(heights["free"][:, 0], Spread()) if "free" in heights else None
    ceiling = measured or (Estimate(declared) if declared else None)
    rungs = tuple(map(int, curves[ERM][0]))
    precisions, found = _precisions(curves["errors"]), _table(curves["errors"], "found")
    numbers: dict[str, Any] = {}
    if ceiling:
        goal = Goal(rungs, SHARE * ceiling.value)
        methods = {"erm": ERM, "given": GIVEN, "inferred": INFERRED}
        numbers = {name: needed(heights[method], goal) for name, method in methods.items()}
        numbers["worth"] = needed_ratio(heights[INFERRED], heights[GIVEN], goal)
        numbers["larger"] = needed_ratio(heights[ERM], heights["part"], goal)
    by_rung = [each[~np.isnan(each)] for each in precisions.T]
    return Fingerprint(
        len(found), _mean(precisions), _mean(found / rungs),
        tuple(float(each.mean()) if len(each) else math.nan for each in by_rung),
        ceiling, ceiling is not None and measured is None,
        probes if isinstance(probes, str) else (_mean(probes.label), _mean(probes.shortcut)),
        between=share_between_units(np.stack([heights[method].mean(axis=1) for method in SCORED])), **numbers,
    )  # fmt: skip


def mean_precision(worlds: Worlds) -> float:
    """Return the share of errors that are counterexamples, a mean over worlds and rungs; NaN if there is no error."""
    mean = _mean(_precisions(worlds))
    return mean.value if mean else math.nan


def _precisions(worlds: Worlds) -> Float64:
    found, errors = (_table(worlds, name) for name in ("found", "errors"))
    return np.divide(found, errors, out=np.full_like(found, np.nan), where=errors > 0)


def _table(worlds: Worlds, name: str) -> Float64:
    """Return a metric by world and rung, float64 (W, R)."""
    return np.array([[at[name] for at in curve.values()] for curve in worlds], np.float64)


def _mean(table: Float64) -> Estimate | None:
    """Return the mean over worlds of a figure, float64 (W, R) or (W,), NaN where it is not known; None if nowhere."""
    of_worlds = [row[~np.isnan(row)].mean() for row in table.reshape(len(table), -1) if not np.isnan(row).all()]
    return mean_estimate(np.array(of_worlds), Spread()) if of_worlds else None


def probe(task: Task, worlds: Sequence[int]) -> Probes | str:
    """Return accuracies of probes for the class and for the shortcuts, or why there are none.

    A probe is a logistic regression on features of at most `PROBED` train samples of the highest rung, as many of each
    pair of a class and the class that the shortcuts go with. It answers the parts of test in which shortcuts agree or
    mislead, and all such pairs count alike: chance is one of the classes.
    """
    each = [_probe(replace(task, counterexamples=task.scenario.rungs[-1]), world) for world in worlds]
    reason = next((found for found in each if isinstance(found, str)), None)
    return reason or Probes(*np.array(each).T)


def _probe(task: Task, world: int) -> list[float] | str:
    """Return the accuracies of both probes in a world, means over draws, or why there are none."""
    job = plan_unfrozen(task, baseline_specs([ERM])[0], world, "cpu", {})
    of, parts = world_of(job.task.scenario), job.task.scenario.layout(task.modality).grouped
    train, test = fitted(job, "train"), Samples.join([make_part(job, part) for part in parts])
    given, asked = (np.stack([each.labels, votes(of, task, each)]) for each in (train, test))
    known = np.flatnonzero(asked[1] >= 0)
    tested, asked = np.asarray(test.inputs.features)[known], asked[:, known]
    pairs = asked[0] * task.num_classes + asked[1]
    accuracies = []
    for draw in range(PROBES):
        chosen = balanced(given, named_generator("fingerprint", job.task.scenario.name, world, draw))
        if isinstance(chosen, str):
            return chosen
        seen = np.asarray(train.inputs.features)[chosen]
        right = [answers(seen, own[chosen], tested) == true for own, true in zip(given, asked, strict=True)]
        accuracies.append([np.mean([each[pairs == pair].mean() for pair in np.unique(pairs)]) for each in right])
    means: list[float] = np.mean(accuracies, axis=0).tolist()
    return means


def answers(seen: Features, labels: Int64, tested: Features) -> Int64:
    """Return what a logistic regression answers, int64 (t,): features float32 (n, d) and (t, d), labels int64 (n,)."""
    from sklearn.linear_model import LogisticRegression  # slow to import
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    found: Int64 = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(seen, labels).predict(tested)
    return found


def votes(world: World, task: Task, samples: Samples) -> Int64:
    """Return the class that most shortcuts go with which training may know, int64 (n,); -1 where none goes with one."""
    each = [world.goes[name][samples.channel_values[name]] for name in task.annotated]
    counts: Int64 = np.sum(each, axis=0, dtype=np.int64)
    return np.where(counts.max(axis=1) > 0, counts.argmax(axis=1), -1)


def balanced(factors: Int64, rng: np.random.Generator) -> Int64 | str:
    """Return the places of at most `PROBED` samples with as many of each pair of two factors, or why there are none.

    `factors`: int64 (2, n); samples with -1 are left out.
    """
    known = np.flatnonzero((factors >= 0).all(axis=0))
    values = [np.unique(factor[known]) for factor in factors]
    pairs = len(values[0]) * len(values[1])
    each = PROBED // pairs if pairs else 0
    if min(map(len, values)) < 2:
        return "one class or value"
    if not each:
        return f"{pairs} pairs of class and shortcut"
    order = rng.permutation(known)
    cells = [order[(factors[:, order] == [[a], [b]]).all(axis=0)] for a in values[0] for b in values[1]]
    if min(map(len, cells)) < each:
        return f"a pair of class and shortcut has {min(map(len, cells))} samples, of {each}"
    return np.concatenate([cell[:each] for cell in cells])
