"""The report of an experiment, results.md: estimates, tests, what can and what cannot be concluded."""

from collections.abc import Sequence

from spurgen.benchmark.scenario import Channel, Scenario, Strength
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.rendering import markdown_table, p_text
from spurgen.harness.experiments.conclusions import NAMES, cautions, conclusions
from spurgen.harness.experiments.summary import Difference, ExperimentSummary, MethodSummary

LEGEND = (
    "Brackets: 95 % intervals over training seeds and test samples. WGA: worst-group accuracy. SSS: Spurious "
    "Sensitivity Score, lower is better; its placebo floor is what redrawing only the nuisances gives. IG: Invariance "
    "Gap in nats, 0 is best. Core: sensitivity to the class cue, higher is better. Access: what a method sees besides "
    "inputs and labels. Seconds: training and scoring, per seed."
)


def to_markdown(summary: ExperimentSummary, plots: Sequence[str] = ()) -> str:
    """Return the report as Markdown; `plots` are the names of the files to list."""
    parts = [
        f"# {summary.name}: {', '.join(m.name for m in summary.methods)}", _about(summary),
        "## Results", results_table(summary), f"{LEGEND} {_selection(summary)}".rstrip(),
    ]  # fmt: skip
    if summary.differences:
        table, legend = difference_table(summary.differences), _tests(summary.differences)
        parts += [f"## Differences to {ERM}", table, legend]
    parts += ["## What can be concluded", _bullets(conclusions(summary))]
    parts += ["## What cannot be concluded", _bullets(cautions(summary))]
    parts += ["## How to repeat it", f"```\n{summary.command}\n```", _origin(summary)]
    parts += ["## Plots", _bullets([f"[{name}]({name})" for name in plots])] if plots else []
    return "\n\n".join(parts) + "\n"


def results_table(summary: ExperimentSummary) -> str:
    """Return a table with a line per method; one that failed has only its name and access."""
    return markdown_table([_line(method) for method in summary.methods])


def _line(method: MethodSummary) -> dict[str, str]:
    about = {"Method": method.name, "Access": method.access}
    if not method.estimates:
        return about | {"Accuracy": "failed"}
    e = method.estimates
    return about | {
        "Accuracy": e["accuracy"].text(),
        "WGA": e["wga"].text(),
        "SSS (floor)": f"{e['sss'].text()} ({e['sss_placebo'].value:.3f})",
        "IG": e["ig"].text("+.2f"),
        "Core": e["core_sensitivity"].text(),
        "Seconds": f"{e['seconds'].value:.1f}",
    }


def difference_table(differences: Sequence[Difference]) -> str:
    """Return a table with a line per test; the column of the seeds only where such a test can be made."""
    lines = []
    for d in differences:
        line = {
            "Method": d.method,
            "Metric": NAMES[d.metric],
            "Difference": d.difference.text("+.3f"),
            "p (Holm)": p_text(d.p_holm),
            "Significant": "yes" if d.significant else "no",
        }
        if _seed_tests(differences):
            line["p, seeds only (Holm)"] = "-" if d.p_seeds is None else p_text(d.p_seeds)
        lines.append(line)
    return markdown_table(lines)


def _seed_tests(differences: Sequence[Difference]) -> int:
    return sum(d.p_seeds is not None for d in differences)


def _tests(differences: Sequence[Difference]) -> str:
    """Explain the p-values."""
    total, count = len(differences), _seed_tests(differences)
    text = (
        "p: paired bootstrap over samples, with the variance over seeds added; "
        f"Holm-corrected over {total} tests, unlike the intervals."
    )
    if count:
        text += f" p, seeds only: paired t-test over seeds on this test split; Holm-corrected over {count} tests."
    if 0 < count < total:
        text += " -: no test, since all seeds differ by the same amount."
    return text


def _about(summary: ExperimentSummary) -> str:
    """Describe the scenario and the runs."""
    s, seeds = summary.scenario, summary.seeds
    channels = ", ".join(f"{name} ({_strength(s, name, s.channels[name])})" for name in summary.task.channels)
    trained = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}"
    return (
        f"Scenario {s.name}, modality {summary.modality}: {s.num_classes} classes; {s.splits.train:,} train, "
        f"{s.splits.val:,} val, {s.num_test:,} test samples, of which {s.splits.twins:,} have twins. "
        f"Channels, and the probability that each goes with the class: {channels}. Trained with {trained}, on "
        f"{summary.device}."
    )


def _selection(summary: ExperimentSummary) -> str:
    """Name the rule that selected each method's epoch, where a method reports it."""
    rules: dict[str, list[str]] = {}
    for method in summary.finished:
        report = method.results[0].report
        if report and report.selection:
            rules.setdefault(report.selection, []).append(method.name)
    listed = "; ".join(f"{rule} ({', '.join(names)})" for rule, names in rules.items())
    return f"The epoch was selected by: {listed}." if listed else ""


def _strength(scenario: Scenario, name: str, channel: Channel) -> str:
    def text(strength: Strength) -> str:
        return "by class" if isinstance(strength, tuple) else f"{strength:g}"

    each = [f"{text(e.strength.get(name, channel.strength))} in {e.name}" for e in scenario.environments]
    return ", ".join(each) or text(channel.strength)


def _origin(summary: ExperimentSummary) -> str:
    made_with = summary.environment
    packages = ", ".join(f"{name} {version}" for name, version in made_with.packages.items())
    commit = f"commit {made_with.commit}{' with changes' if made_with.dirty else ''}, " if made_with.commit else ""
    return (
        f"SpurGen {made_with.spurgen}, {commit}Python {made_with.python}, {packages}; {made_with.machine}; "
        f"{summary.written}. Scenario SHA-256 `{summary.scenario_sha256}`."
    )


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
