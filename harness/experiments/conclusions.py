"""What an experiment shows and what it does not, in sentences."""

from collections.abc import Sequence
from itertools import combinations

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.rendering import p_text
from spurgen.harness.experiments.checks import Method, empty_groups
from spurgen.harness.experiments.summary import TESTED, TOO_FEW_BASES, ExperimentRecord, Figure

NAMES = {"accuracy": "accuracy", "wga": "worst-group accuracy", "sss": "SSS"}
MOST_NAMED = 6
FEW_BASES, FEW_SEEDS = 100, 5


def conclusions(record: ExperimentRecord) -> list[str]:
    """Lists what the figures show: the significant differences, and which models learned anything at all."""
    found = []
    for d in record.differences:
        if d.significant:
            pair = [next(m for m in record.finished if m.name == name).figures[d.figure] for name in (ERM, d.method)]
            overlap = " The two intervals overlap, but the paired difference is clear." if _overlap(*pair) else ""
            way, good = ("higher", d.figure != "sss") if d.value > 0 else ("lower", d.figure == "sss")
            found.append(
                f"{d.method} has a {way} {NAMES[d.figure]} than {ERM}, by {abs(d.value):.3f} "
                f"({_p_words(d.p_holm)}): {'better' if good else 'worse'}.{overlap}{_but(record, d.method)}"
            )
    if record.differences and not found:
        found.append(f"No difference to {ERM} is significant at 5 %.")
    for m in record.finished if record.scenario.splits.twins >= TOO_FEW_BASES else ():
        leans = [c for c, row in m.channels.items() if (row["sss"].low or 0) > _top(m.figures["sss_placebo"])]
        if leans:
            found.append(f"{m.name} leans on {_join(leans)}: SSS above the placebo floor, intervals apart.")
    learned = [
        m.name for m in record.finished
        if m.above_chance and (m.figures["core_sensitivity"].low or 0) > _top(m.figures["sss_placebo"])
    ]  # fmt: skip
    if learned:
        told = "Better than chance, and moved by the core cue more than by nuisances, intervals apart"
        found.append(f"{told}: {_join(learned)}.")
    return found or ["Nothing."]


def cautions(record: ExperimentRecord) -> list[str]:
    """Lists what the figures do not show, and why."""
    return [*_per_method(record), *_undecided(record), *_limits(record)]


def _per_method(record: ExperimentRecord) -> list[str]:
    found = []
    for m in record.methods:
        failed = next((seed for seed in m.seeds if seed.error), None)
        if failed and failed.error:
            why = failed.error.splitlines()[0].replace("`", "'")
            found.append(f"Nothing about {m.name}: it failed with seed {failed.seed}: `{why}`")
            continue
        if m.broken:
            found.append(
                f"{m.name} broke a promise, so its row says nothing of the method: it is not so that {_join(m.broken)}."
            )
        if not m.above_chance:
            found.append(
                f"{m.name} is not significantly better than chance in accuracy; it has learned nothing to compare."
            )
        if m.ignores_core:
            found.append(
                f"{m.name} ignores the core cue: its core sensitivity ({m.figures['core_sensitivity'].value:.3f}) "
                f"does not exceed its placebo floor ({m.figures['sss_placebo'].value:.3f}). A low SSS or IG of it is "
                "no robustness."
            )
    return found


def _undecided(record: ExperimentRecord) -> list[str]:
    """Names the comparisons that came out open, and those that nobody made."""
    found = []
    names = [m.name for m in record.finished]
    if ERM not in names:
        found.append(f"No method was tested against {ERM}, which did not run or failed.")
    for figure in TESTED:
        open_ = [d.method for d in record.differences if d.figure == figure and not d.significant]
        if open_:
            found.append(f"Whether {_join(open_, 'or')} differs from {ERM} in {NAMES[figure]}: not significant.")
    for figure in TESTED:
        others = [m for m in record.finished if m.name != ERM or ERM not in names]
        pairs = [
            f"{a.name} / {b.name}" for a, b in combinations(others, 2) if _overlap(a.figures[figure], b.figures[figure])
        ]
        if pairs:
            what = f"Which has the higher {NAMES[figure]} of {_some(pairs)}"
            found.append(f"{what}: their intervals overlap, and no test was made.")
    return found


def _limits(record: ExperimentRecord) -> list[str]:
    """Says what the design itself leaves open."""
    found, scenario, task = [], record.scenario, record.task
    count = len(record.seeds)
    if count == 1:
        found.append(
            "How much another training seed would change: there is only one, so the intervals and tests are about "
            "these trained models, not about the methods. Pass --num_seeds 5."
        )
    elif count < FEW_SEEDS:
        found.append(
            f"Small differences: {count} seeds tell little of the spread between seeds, for which the tests allow by "
            "being cautious. Pass --num_seeds 5."
        )
    if len({m.access for m in record.finished}) > 1:
        tiers = ", ".join(f"{m.name}: {m.access}" for m in record.finished)
        found.append(f"Which method is better on equal terms: they see different annotations ({tiers}).")
    if record.finished:
        each = ((m.name, m.figures["wga_corrected"].value, m.figures["wga_guaranteed"]) for m in record.finished)
        corrected = ", ".join(f"{name} {value:.3f} [{wide.low:.3f}, {wide.high:.3f}]" for name, value, wide in each)
        size = scenario.num_test // task.num_groups
        found.append(
            f"The exact worst-group accuracy: the minimum over {task.num_groups} groups of {size} samples each lies "
            "below the true one on average, and its bootstrap interval can be too short. Corrected, with guaranteed "
            f"intervals for these models: {corrected}."
        )
    empty = empty_groups(task, [Method(m.name, m.spec) for m in record.finished])
    found += [f"How methods do that are shown every group: {told}." for told in empty]
    if scenario.splits.twins < FEW_BASES:
        bases = "1 base sample" if scenario.splits.twins == 1 else f"{scenario.splits.twins} base samples"
        untested = "" if scenario.splits.twins >= TOO_FEW_BASES else ", so SSS was not tested"
        found.append(f"Much about SSS, IG and core sensitivity: they rest on {bases} only{untested}.")
    return found


def _but(record: ExperimentRecord, name: str) -> str:
    """Takes back a conclusion where the method's runs, or the reference's, cannot carry it."""
    compared = [m for m in record.finished if m.name in (name, ERM)]
    if any(m.broken or m.ignores_core or not m.above_chance for m in compared):
        return " But see below."
    return ""


def _p_words(p_value: float) -> str:
    told = p_text(p_value)
    return f"p {told}" if told.startswith("<") else f"p = {told}"


def _top(figure: Figure) -> float:
    return figure.value if figure.high is None else figure.high


def _overlap(a: Figure, b: Figure) -> bool:
    """Says whether two intervals have a number in common."""
    ends = [(f.value, f.value) if f.low is None or f.high is None else (f.low, f.high) for f in (a, b)]
    return max(low for low, _ in ends) <= min(high for _, high in ends)


def _join(names: Sequence[str], word: str = "and") -> str:
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _some(pairs: Sequence[str]) -> str:
    """Lists pairs, the first few of many."""
    more = len(pairs) - MOST_NAMED
    return ", ".join(pairs[:MOST_NAMED]) + (f" and {more} more pairs" if more > 0 else "")
