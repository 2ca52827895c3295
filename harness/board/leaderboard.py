"""The leaderboard as data: a pure function of the cells, the suite and nothing else."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Suite, Task
from spurgen.harness.board.against_erm import against_erm
from spurgen.harness.board.bootstrap import Spreads, TaskBootstrap, one_thread, pooled_spreads
from spurgen.harness.board.eligibility import not_believed, not_fit
from spurgen.harness.board.overall import rank_set
from spurgen.harness.metrics import basic_interval, bias_corrected, percentile_interval, simultaneous_interval
from spurgen.harness.results.consistency import BASE_METRICS
from spurgen.harness.results.rows import Rows, TaskRow
from spurgen.harness.statistics.ranking import place_rows

BOOTSTRAPPED = ("wga", "accuracy", "sss", *BASE_METRICS)
UNSURE = 0.05  # how often a guaranteed interval may miss
ISOLATIONS = ("process", "bubblewrap")  # weakest first; what is unknown is weaker still
ASKED = ("same", "fresh")  # the worker that a few answers were asked for again; of older rows nothing is known
VERIFICATIONS = ("self-reported", "re-run", "private")
Floats = NDArray[np.float64]


@one_thread
def build(suite: Suite, rows: Rows, private: Rows | None = None) -> dict[str, Any]:
    """Builds the leaderboard: per task, and over each set of tasks that the suite names.

    `private` are the rows' cells on the private splits of the newest commitment, which are shown and not ranked.
    """
    tasks: dict[str, Any] = {}
    replicates: dict[str, dict[str, Floats]] = {}
    for name, task in suite.tasks.items():
        found = {label: by_task[name] for label, by_task in sorted(rows.items()) if name in by_task}
        if found:
            tasks[name], replicates[name] = _task_board(suite, task, found)
            for row in tasks[name]["rows"]:
                _add_private(row, found[row["submission"]], (private or {}).get(row["submission"], {}).get(name))
    return {
        "suite": suite.name,
        "manifest_sha256": suite.manifest.digest,
        "tasks": tasks,
        "overall": {name: rank_set(members, tasks, replicates) for name, members in suite.overall.items()},
    }


def _task_board(suite: Suite, task: Task, found: Mapping[str, TaskRow]) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Sorts rows into ranked and unranked; returns the board, and the bootstrap of WGA by submission, float64 (2, B).

    Seeds that disagree more than the baselines' do widen a row's interval and cost it victories, but save it from no
    defeat: one seed that is bad on purpose would.
    """
    bootstrap = TaskBootstrap.of(task)
    unranked, fit = [], {}
    for label, some in found.items():
        doubt = not_believed(suite, task, bootstrap.groups, some)
        reason = doubt or not_fit(task, some)
        if reason:
            shown = {"submission": label, "access": some.results[0].access, "seeds": len(some), "reason": reason}
            figures = {} if doubt else {"accuracy": some.mean("accuracy"), "wga": some.mean("wga")}
            unranked.append(shown | figures)
        else:
            fit[label] = some
    spreads = pooled_spreads(fit.values(), BOOTSTRAPPED)
    bootstrap.draw(fit.values())
    made = {label: make_row(bootstrap, label, some, spreads) for label, some in fit.items()}

    def first(label: str, seeds: int) -> Floats:
        """Draws a row's WGA over its first seeds."""
        some = fit[label].first(seeds)
        return made[label][1]["wga"] if some is fit[label] else bootstrap.replicates(label, some, "wga", spreads)

    against = against_erm(fit, first)
    replicates = {
        label: np.stack([drawn["wga"], bootstrap.replicates(label, fit[label], "wga", spreads, own=False)])
        for label, (_, drawn) in made.items()
    }
    rows = place_rows([row | {"against_erm": against.get(label)} for label, (row, _) in made.items()], replicates)
    return {"rows": rows, "unranked": unranked}, replicates


def make_row(
    bootstrap: TaskBootstrap, label: str, row: TaskRow, spreads: Spreads
) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Average a row's results and put an interval on every metric that is ranked or shown.

    `spreads` maps the metrics of `BOOTSTRAPPED` to their pooled spread over seeds within the task's rows; where no row
    has two seeds, intervals know nothing of seeds, as `seed_variance` says of WGA. Return the row, and the replicates
    of every metric of `BOOTSTRAPPED`, float64 (B,).
    """
    drawn = {metric: bootstrap.replicates(label, row, metric, spreads) for metric in BOOTSTRAPPED}
    results = row.results
    shown: dict[str, Any] = {
        "submission": label,
        "name": results[0].submission,
        "access": results[0].access,
        "seeds": len(row),
        "seed_variance": "own" if len(row) > 1 else "pooled" if spreads["wga"] else "unknown",
        "wga": row.mean("wga"),
        "wga_ci": list(basic_interval(row.mean("wga"), drawn["wga"])),
        "wga_corrected": bias_corrected(row.mean("wga"), drawn["wga"]),
        "wga_simultaneous": _guaranteed(bootstrap, row),
    }
    for metric in BOOTSTRAPPED[1:]:
        low, high = percentile_interval(drawn[metric])
        # The seeds' noise is normal, and may lead out of where a proportion can lie.
        ends = [low, high] if metric == "ig" else [max(low, 0.0), min(high, 1.0)]
        shown |= {metric: row.mean(metric), f"{metric}_ci": ends}
    shown |= {metric: row.mean(metric) for metric in _shared([r.metrics for r in results]) if metric not in shown}
    shown |= _by_channel(results)
    shown["patterns"] = {
        p: float(np.mean([r.patterns[p] for r in results])) for p in _shared([r.patterns for r in results])
    }
    shown["ignores_core"] = shown["core_sensitivity"] <= shown["sss_placebo"]
    shown["selections"] = _selections(results)
    shown["isolation"] = _weakest(ISOLATIONS, [r.isolation for r in results])
    checks = [r.provenance.consistency for r in results]
    shown["asked_again"] = _weakest(ASKED, [check.worker if check else "unknown" for check in checks])
    shown["verification"] = _weakest(VERIFICATIONS, [r.verification for r in results])
    shown["seconds"] = float(np.mean([r.provenance.total_seconds for r in results]))
    return shown, drawn


def _of(result: Result) -> tuple[str, dict[str, Any]]:
    """Return what two results of the same model have in common."""
    return result.submission_sha256, result.options


def _add_private(row: dict[str, Any], public: TaskRow, private: TaskRow | None) -> None:
    """Set what a row's model does on private splits, on the seeds that were run there; all of them verify the row.

    One that failed there is shown as `failed`. `gap` is the accuracy on test less that on the private splits. Its
    interval takes accuracy there to be as uncertain as on test, and as independent as other samples and other data to
    train on make it; fewer seeds widen it.
    """
    same = [result for result in (private.results if private else ()) if _of(result) == _of(public.results[0])]
    hidden = {r.seed: r for r in same if r.error is None and r.access == row["access"]}
    shared = [result for result in public.results if result.seed in hidden]
    failed = [result for result in same if result.error is not None]
    row["private"] = {"failed": failed[0].error} if failed else None
    if shared and not failed:
        means = {name: float(np.mean([hidden[r.seed].metrics[name] for r in shared])) for name in ("accuracy", "wga")}
        gap = float(np.mean([r.metrics["accuracy"] for r in shared])) - means["accuracy"]
        low, high = row["accuracy_ci"]
        reach = (high - low) / 2 * sqrt(2 * len(public) / len(shared))
        row["private"] = {"seeds": len(shared), **means, "gap": gap, "gap_ci": [gap - reach, gap + reach]}
    if len(shared) == len(public) and not failed:
        row["verification"] = "private"


def _guaranteed(bootstrap: TaskBootstrap, row: TaskRow) -> list[float]:
    """Return a guaranteed interval for these seeds' mean WGA: at its level all seeds' intervals cover at once."""
    sizes = np.bincount(bootstrap.groups)
    level = 1 - UNSURE / len(row)
    ends = [simultaneous_interval(np.array(result.groups), sizes, level) for result in row.results]
    low, high = np.mean(ends, axis=0).tolist()
    return [low, high]


def _shared(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lists the keys that all tables have, in the first one's order."""
    return [key for key in tables[0] if all(key in table for table in tables)]


def _by_channel(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """Average the metrics of every channel: `<metric>_by_channel` -> channel -> mean over the results."""
    means: dict[str, dict[str, float]] = {}
    for name in _shared([result.channels for result in results]):
        for metric in _shared([result.channels[name] for result in results]):
            mean = float(np.mean([result.channels[name][metric] for result in results]))
            means.setdefault(f"{metric}_by_channel", {})[name] = mean
    return dict(sorted(means.items()))


def _selections(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """Average what each checkpoint rule would have given, where every seed has it."""
    shared = {rule: [r.rules[rule] for r in results] for rule in _shared([r.rules for r in results])}
    return {
        rule: {metric: float(np.mean([table[metric] for table in tables])) for metric in _shared(tables)}
        for rule, tables in shared.items()
    }


def _weakest(known: Sequence[str], found: Sequence[str]) -> str:
    """Returns what is weakest, by the order of `known`."""
    return min(found, key=lambda name: (known.index(name) if name in known else -1, name))
