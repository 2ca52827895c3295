"""What an experiment shows and what it does not, one sentence each."""

from itertools import combinations

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.rendering import and_list, p_equals
from spurgen.harness.experiments.checks import Method, empty_groups
from spurgen.harness.experiments.summary import TESTED, TOO_FEW_BASES, Difference, ExperimentSummary, MethodSummary
from spurgen.harness.running.missing import first_line
from spurgen.harness.statistics.estimate import Estimate

NAMES = {"accuracy": "accuracy", "wga": "worst-group accuracy", "sss": "SSS"}
MOST_PAIRS = 6
FEW_BASES, FEW_SEEDS = 100, 5


def conclusions(summary: ExperimentSummary) -> list[str]:
    """Return what the estimates show: significant differences to ERM, channels relied on, and who uses the core cue."""
    finished = summary.finished
    lines = [_significant(summary, difference) for difference in summary.differences if difference.significant]
    if summary.differences and not lines:
        lines.append(f"No difference to {ERM} is significant at 5 %.")
    for method in finished if summary.scenario.splits.twins >= TOO_FEW_BASES else ():
        relied = [channel for channel, row in method.channels.items() if _above_floor(method, row["sss"])]
        if relied:
            lines.append(
                f"{method.name} relies on {and_list(relied)}: its SSS is above the placebo floor (disjoint intervals)."
            )
    users = [m.name for m in finished if m.above_chance and _above_floor(m, m.estimates["core_sensitivity"])]
    if users:
        above = "with a core sensitivity above the placebo floor (disjoint intervals)"
        lines.append(f"Better than chance, {above}: {and_list(users)}.")
    return lines or ["Nothing."]


def _significant(summary: ExperimentSummary, tested: Difference) -> str:
    pair = [method for method in summary.finished if method.name in (ERM, tested.method)]
    higher, value = tested.difference.value > 0, abs(tested.difference.value)
    better = higher != (tested.metric == "sss")
    overlap = pair[0].estimates[tested.metric].overlaps(pair[1].estimates[tested.metric])
    limited = [m.name for m in pair if m.failed_checks or m.ignores_core or not m.above_chance]
    return (
        f"{tested.method} has a {'higher' if higher else 'lower'} {NAMES[tested.metric]} than {ERM}, by {value:.3f} "
        f"({p_equals(tested.p_holm)}): {'better' if better else 'worse'}."
        + (" The intervals overlap, but the paired difference is significant." if overlap else "")
        + (f" See the cautions about {and_list(limited)}." if limited else "")
    )


def _above_floor(method: MethodSummary, estimate: Estimate) -> bool:
    return estimate.ends[0] > method.estimates["sss_placebo"].ends[1]


def cautions(summary: ExperimentSummary) -> list[str]:
    """Return what the estimates do not show, and why."""
    return [
        *(line for method in summary.methods for line in _about_method(method)),
        *_undecided(summary), *_limits(summary),
    ]  # fmt: skip


def _about_method(method: MethodSummary) -> list[str]:
    failed = next((result for result in method.results if result.error), None)
    if failed and failed.error:
        reason = first_line(failed.error).replace("`", "'")
        return [f"{method.name} has no estimates: it failed with seed {failed.seed}: `{reason}`"]
    lines = []
    if method.failed_checks:
        lines.append(
            f"{method.name} failed sanity checks, so its row does not represent it: {and_list(method.failed_checks)}."
        )
    if not method.above_chance:
        lines.append(f"{method.name} is not significantly more accurate than chance.")
    if method.ignores_core:
        core, floor = (method.estimates[name].value for name in ("core_sensitivity", "sss_placebo"))
        lines.append(
            f"{method.name} ignores the core cue (core sensitivity {core:.3f}, placebo floor {floor:.3f}), so a low "
            "SSS or IG is not robustness."
        )
    return lines


def _undecided(summary: ExperimentSummary) -> list[str]:
    """Return the comparisons that are not significant, and those without a test."""
    lines = []
    names = [method.name for method in summary.finished]
    if ERM not in names:
        lines.append(f"No method was tested against {ERM}, which did not run or failed.")
    for metric in TESTED:
        undecided = [d.method for d in summary.differences if d.metric == metric and not d.significant]
        if undecided:
            lines.append(f"{NAMES[metric]} of {and_list(undecided)}: no significant difference to {ERM}.")
    others = [method for method in summary.finished if method.name != ERM]
    for metric in TESTED:
        pairs = [
            f"{a.name} / {b.name}"
            for a, b in combinations(others, 2)
            if a.estimates[metric].overlaps(b.estimates[metric])
        ]
        if pairs:
            more = len(pairs) - MOST_PAIRS
            listed = ", ".join(pairs[:MOST_PAIRS]) + (f" and {more} more pairs" if more > 0 else "")
            lines.append(f"{NAMES[metric]}: overlapping intervals, not tested: {listed}.")
    return [line[:1].upper() + line[1:] for line in lines]


def _limits(summary: ExperimentSummary) -> list[str]:
    """Return what the design of the experiment leaves open."""
    scenario, task, finished, seeds = summary.scenario, summary.task, summary.finished, len(summary.seeds)
    lines = []
    if seeds == 1:
        lines.append(
            "One training seed: intervals and tests are about these models, not the methods; use --num_seeds 5."
        )
    elif seeds < FEW_SEEDS:
        lines.append(
            f"{seeds} seeds estimate the spread over seeds poorly, so the tests are cautious; use --num_seeds 5."
        )
    if len({method.access for method in finished}) > 1:
        tiers = ", ".join(f"{method.name}: {method.access}" for method in finished)
        lines.append(f"The methods see different annotations, so the comparison is not on equal terms ({tiers}).")
    if finished:
        corrected = ", ".join(
            f"{m.name} {m.estimates['wga_corrected'].value:.3f} [{low:.3f}, {high:.3f}]"
            for m in finished for low, high in [m.estimates["wga_guaranteed"].ends]
        )  # fmt: skip
        size = scenario.num_test // task.num_groups
        lines.append(
            f"Worst-group accuracy, a minimum over {task.num_groups} groups of {size} samples, is biased low and its "
            f"interval may be too short; corrected, in guaranteed intervals: {corrected}."
        )
    specs = [Method(method.name, method.results[0].spec) for method in finished]
    lines += [f"{message}." for message in empty_groups(task, specs)]
    bases = scenario.splits.twins
    if bases < FEW_BASES:
        untested = "" if bases >= TOO_FEW_BASES else ", so SSS is not tested"
        lines.append(f"SSS, IG and core sensitivity rest on only {bases} base sample{'s' * (bases != 1)}{untested}.")
    return lines
