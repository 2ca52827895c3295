"""An experiment in words: results.md, with what can and what cannot be concluded."""

from collections.abc import Sequence

from tabulate import tabulate

from spurgen.benchmark.scenario import Channel, Scenario, Strength
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.rendering import p_text
from spurgen.harness.experiments.conclusions import NAMES, cautions, conclusions
from spurgen.harness.experiments.summary import Difference, ExperimentRecord, Figure, MethodResult

LEGEND = (
    "Brackets: 95 % intervals over training seeds and test samples. WGA: worst-group accuracy. SSS: Spurious "
    "Sensitivity Score, lower is better; its floor is what redrawn nuisances alone change. IG: Invariance Gap in "
    "nats, 0 is best. Core: how far the class cue moves the model, higher is better. Access: what a method sees "
    "besides inputs and labels. Seconds: one seed, training and scoring."
)


def to_markdown(record: ExperimentRecord, files: Sequence[str] = ()) -> str:
    """Writes the report; `files` are the pictures to list."""
    parts = [
        f"# {record.name}: {', '.join(m.name for m in record.methods)}", _about(record),
        "## Results", results_table(record), f"{LEGEND} {_picked(record)}".rstrip(),
    ]  # fmt: skip
    if record.differences:
        by_seeds = sum(d.p_seeds is not None for d in record.differences)
        tests = (
            f"p: paired bootstrap over samples, the variance over seeds added; Holm-corrected over all "
            f"{len(record.differences)} tests. Of the seeds alone: paired t-test, for this very test split; corrected "
            f"over the {by_seeds} that can be made (-: one seed, or seeds that all differ by the same)."
        )
        parts += [f"## Differences to {ERM}", difference_table(record.differences), tests]
    parts += ["## What can be concluded", _bullets(conclusions(record))]
    parts += ["## What cannot be concluded", _bullets(cautions(record))]
    parts += ["## Again", f"```\n{record.command}\n```", _origin(record)]
    parts += ["## Pictures", _bullets([f"[{name}]({name})" for name in files])] if files else []
    return "\n\n".join(parts) + "\n"


def results_table(record: ExperimentRecord) -> str:
    """Writes a line per method; one that failed has none but its name."""
    lines = [_line(method) for method in record.methods]
    return tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True)


def _line(method: MethodResult) -> dict[str, str]:
    about = {"Method": method.name, "Access": method.access}
    if not method.figures:
        return about | {"Accuracy": "failed"}
    f = method.figures
    return about | {
        "Accuracy": _shown(f["accuracy"]),
        "WGA": _shown(f["wga"]),
        "SSS (floor)": f"{_shown(f['sss'])} ({f['sss_placebo'].value:.3f})",
        "IG": _shown(f["ig"], "+.2f"),
        "Core": _shown(f["core_sensitivity"]),
        "Seconds": f"{f['seconds'].value:.1f}",
    }


def difference_table(differences: Sequence[Difference]) -> str:
    """Writes a line per test."""
    lines = [
        {
            "Method": d.method,
            "Figure": NAMES[d.figure],
            "Difference": f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]",
            "p (Holm)": p_text(d.p_holm),
            "Significant": "yes" if d.significant else "no",
            "p of the seeds alone (Holm)": "-" if d.p_seeds is None else p_text(d.p_seeds),
        }
        for d in differences
    ]
    return tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True)


def _about(record: ExperimentRecord) -> str:
    """Says in a paragraph what was run on what."""
    s, seeds = record.scenario, record.seeds
    channels = ", ".join(f"{name} ({_strength(s, name, s.channels[name])})" for name in record.task.channels)
    trained = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}"
    return (
        f"Scenario {s.name}, modality {record.modality}: {s.num_classes} classes; {s.splits.train:,} train, "
        f"{s.splits.val:,} val, {s.num_test:,} test samples, {s.splits.twins:,} of these with twins. "
        f"Channels, and how often each goes with the class: {channels}. Trained with {trained}, on {record.device}."
    )


def _picked(record: ExperimentRecord) -> str:
    """Says by which rule each method's epoch was picked, where it tells."""
    rules: dict[str, list[str]] = {}
    for method in record.finished:
        report = method.seeds[0].report
        if report and report.selection:
            rules.setdefault(report.selection, []).append(method.name)
    told = "; ".join(f"{rule} ({', '.join(names)})" for rule, names in rules.items())
    return f"The epoch was picked by: {told}." if told else ""


def _strength(scenario: Scenario, name: str, channel: Channel) -> str:
    def text(strength: Strength) -> str:
        return "by class" if isinstance(strength, tuple) else f"{strength:g}"

    each = [f"{text(e.strength.get(name, channel.strength))} in {e.name}" for e in scenario.environments]
    return ", ".join(each) or text(channel.strength)


def _origin(record: ExperimentRecord) -> str:
    made_with = record.environment
    packages = ", ".join(f"{name} {version}" for name, version in made_with.packages.items())
    commit = f"commit {made_with.commit}{' with changes' if made_with.dirty else ''}, " if made_with.commit else ""
    return (
        f"SpurGen {made_with.spurgen}, {commit}Python {made_with.python}, {packages}; {made_with.machine}; "
        f"{record.written}. Scenario SHA-256 `{record.scenario_sha256}`."
    )


def _shown(figure: Figure, style: str = ".3f") -> str:
    interval = "" if figure.low is None else f" [{figure.low:{style}}, {figure.high:{style}}]"
    return f"{figure.value:{style}}{interval}"


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
