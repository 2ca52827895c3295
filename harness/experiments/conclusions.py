"""What an experiment shows and what it does not, one sentence each."""

import numpy as np

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import groups_on_test
from spurgen.harness.experiments.checks import Method, empty_groups
from spurgen.harness.experiments.summary import TOO_FEW_BASES, Difference, ExperimentSummary, MethodSummary
from spurgen.harness.machine.printing import and_list, first_line, p_equals
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.statistics import ALPHA
from spurgen.harness.statistics.estimate import Estimate

NAMES = {"robust_accuracy": "robust accuracy", "accuracy": "accuracy", "wga": "worst-group accuracy", "sss": "SSS"}
FEW_BASES, FEW_SEEDS = 100, 5


def conclusions(summary: ExperimentSummary) -> list[str]:
    """Return what the estimates show: significant differences to ERM, channels relied on, and who uses the core cue."""
    lines = [_significant(summary, difference) for difference in summary.differences if difference.significant]
    if summary.differences and not lines:
        lines.append(f"No difference to {ERM} is significant at 5 %.")
    relied: dict[tuple[str, ...], list[str]] = {}
    tested = summary.ranked if summary.scenario.splits.twins >= TOO_FEW_BASES else []
    for method in tested:
        channels = tuple(channel for channel, row in method.channels.items() if _above_placebo(method, row["sss"]))
        relied.setdefault(channels, []).append(method.name)
    for channels, names in relied.items():
        if channels:
            verb = "relies" if len(names) == 1 else "rely"
            lines.append(
                f"{and_list(names)} {verb} on {and_list(channels)}: SSS above the placebo sensitivity (disjoint "
                "intervals)."
            )
    users = [m.name for m in tested if _above_placebo(m, m.estimates["core_sensitivity"])]
    if users:
        above = "with a core sensitivity above the placebo sensitivity (disjoint intervals)"
        lines.append(f"Better than chance, {above}: {and_list(users)}.")
    return lines or ["Nothing."]


def _significant(summary: ExperimentSummary, tested: Difference) -> str:
    p, seeds = p_equals(tested.p_holm), tested.p_seeds
    pair = [method for method in summary.ranked if method.name in (ERM, tested.method)]
    higher, value = tested.difference.value > 0, abs(tested.difference.value)
    better = higher != (tested.metric == "sss")
    with_seed = f"With seed {summary.seeds[0]}, " if len(summary.seeds) == 1 else ""
    limited = [m.name for m in pair if m.ignores_core]
    return (
        f"{with_seed}{tested.method} has a {'higher' if higher else 'lower'} {NAMES[tested.metric]} than {ERM}, "
        f"by {value:.3f} ({p}): {'better' if better else 'worse'}."
        + (f" The test over seeds alone does not find it ({p_equals(seeds)})." if seeds and seeds >= ALPHA else "")
        + (f" See the cautions about {and_list(limited)}." if limited else "")
    )


def _above_placebo(method: MethodSummary, estimate: Estimate) -> bool:
    return estimate.ends[0] > method.estimates["sss_placebo"].ends[1]


def cautions(summary: ExperimentSummary) -> list[str]:
    """Return what the estimates do not show, a line per reason, with the page that explains it."""
    return [*_failures(summary), *_doubts(summary), *_untested(summary), *_limits(summary)]


def unranked(summary: ExperimentSummary) -> list[str]:
    """Return which methods are not ranked, each with the reason."""
    return [f"{as_markdown(m.name)}: {as_markdown(m.unranked)}" for m in summary.methods if m.unranked is not None]


def _failures(summary: ExperimentSummary) -> list[str]:
    lines = []
    for method in summary.methods:
        failed = next((result for result in method.results if result.error), None)
        if failed and failed.error:
            reason = first_line(failed.error).replace("`", "'")
            lines.append(f"{method.name} has no estimates: it failed with seed {failed.seed}: `{reason}`")
    return lines


def _doubts(summary: ExperimentSummary) -> list[str]:
    """Return which rows nothing is concluded of, and which are low for another reason than robustness."""
    blind = [method.name for method in summary.finished if method.ignores_core]
    lines = [f"Not ranked, so compared with no other: {reason} (docs/statistics.md)." for reason in unranked(summary)]
    if blind:
        lines.append(
            "Core sensitivity not above the placebo sensitivity, so a low SSS or IG is not robustness: "
            f"{and_list(blind)} (docs/metrics.md)."
        )
    return lines


def _untested(summary: ExperimentSummary) -> list[str]:
    """Return the comparisons that are not significant, and those without a test."""
    names = [method.name for method in summary.ranked]
    lines = []
    if ERM not in names:
        lines.append(f"No method was tested against {ERM}, which did not run or is not ranked.")
    undecided: dict[str, list[str]] = {}
    for difference in summary.differences:
        if not difference.significant:
            undecided.setdefault(difference.method, []).append(NAMES[difference.metric])
    if undecided:
        listed = "; ".join(f"{method} in {and_list(metrics)}" for method, metrics in undecided.items())
        lines.append(f"Not significantly different from {ERM}: {listed}.")
    if len(names) > 1 + (ERM in names):
        lines.append(f"Methods are tested against {ERM} alone, not against one another (docs/statistics.md).")
    return lines


def _limits(summary: ExperimentSummary) -> list[str]:
    """Return what the design of the experiment leaves open."""
    scenario, task, finished, seeds = summary.scenario, summary.task, summary.finished, len(summary.seeds)
    lines = []
    if seeds == 1:
        lines.append("One training seed: intervals and tests are about these models, not the methods; use --seeds 0-4.")
    elif seeds < FEW_SEEDS:
        lines.append(
            f"{seeds} seeds estimate the spread over seeds poorly, so the tests are cautious; use --seeds 0-4."
        )
    if len({method.access for method in finished}) > 1:
        tiers = ", ".join(f"{method.name}: {method.access}" for method in finished)
        lines.append(f"The methods see different annotations ({tiers}) (docs/methods.md).")
    if finished:
        sizes = sorted(set(np.bincount(groups_on_test(task)).tolist()))
        size = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else str(sizes[0])
        lines.append(
            f"Worst-group accuracy, a minimum over {task.num_groups} groups of {size} samples, is biased low and its "
            "interval may be too short: see WGA, which is corrected (docs/metrics.md)."
        )
    specs = [Method(method.name, method.results[0].spec) for method in finished]
    lines += [f"{message}." for message in empty_groups(task, specs)]
    bases = scenario.splits.twins
    if bases < FEW_BASES:
        untested = "" if bases >= TOO_FEW_BASES else ", so SSS is not tested"
        lines.append(f"SSS, IG and core sensitivity rest on only {bases} base sample{'s' * (bases != 1)}{untested}.")
    return lines
