"""The report of an experiment, results.md: estimates, tests, what can and what cannot be concluded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.experiments.conclusions import NAMES, cautions, conclusions, unranked
from spurgen.harness.experiments.drawn import draw_train, facts, rates_table
from spurgen.harness.experiments.summary import Difference, ExperimentSummary, MethodSummary
from spurgen.harness.machine.printing import markdown_table, p_text
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.statistics.estimate import Estimate

LEGEND = (
    "Robust: accuracy under the combination of shortcuts where it is lowest. WGA: worst-group accuracy, corrected for "
    "the bias of a minimum, in guaranteed intervals; raw: not corrected. Reliance: how far predictions follow the "
    "channel that moves them most, 0 is best, 1 is a model that reads nothing else. SSS: Spurious Sensitivity Score, "
    "lower is better; its placebo sensitivity is what redrawing only the nuisances gives. IG: Invariance Gap in nats, "
    "0 is best. Core use: how much probability follows the class when it alone changes, 1 is best. Access: what a "
    "method sees besides inputs and labels. Seconds: training and scoring, per seed. Details: docs/metrics.md."
)
RATES = (
    "How often a channel's value goes with the label, counted on train; in brackets what the scenario asks for. In "
    "the header each name is followed by its number of samples."
)


def to_markdown(summary: ExperimentSummary, plots: Sequence[str] = ()) -> str:
    """Return the report as Markdown; `plots` are the names of the files to list."""
    parts = [
        f"# {summary.name}: {', '.join(m.name for m in summary.methods)}", _about(summary),
        *_world(summary),
        "## Results", results_table(summary), f"{_brackets(summary)} {LEGEND} {_selection(summary)}".rstrip(),
    ]  # fmt: skip
    if summary.differences:
        table, legend = difference_table(summary.differences), _tests(summary)
        parts += [f"## Differences to {ERM}", table, legend]
    parts += ["## What can be concluded", _bullets(conclusions(summary))]
    parts += ["## What cannot be concluded", _bullets(cautions(summary))]
    parts += ["## How to repeat it", f"```\n{summary.command}\n```", _origin(summary)]
    parts += ["## Plots", _bullets([f"[{name}]({name})" for name in plots])] if plots else []
    return "\n\n".join(parts) + "\n"


def results_table(summary: ExperimentSummary) -> str:
    """Return a table with a line per method, and why some are not ranked; one that failed has only name and access."""
    table = markdown_table([_line(method) for method in summary.methods])
    return "\n\n".join([table, *(f"Not ranked: {each}" for each in unranked(summary))])


def _line(method: MethodSummary) -> dict[str, str]:
    mark = "" if method.unranked is None else " (not ranked)"
    about = {"Method": method.name + mark, "Access": method.access}
    if not method.estimates:
        return about | {"Robust": "failed"}
    e = method.estimates
    return about | {
        "Robust": e["robust_accuracy"].text(),
        "Accuracy": e["accuracy"].text(),
        "WGA (raw)": e["wga"].text(),
        "WGA": _corrected(e),
        "Reliance": f"{e['reliance'].value:.3f}",
        "SSS (placebo)": f"{e['sss'].text()} ({e['sss_placebo'].value:.3f})",
        "IG": e["ig"].text("+.2f"),
        "Core use": e["core_use"].text() if "core_use" in e else "-",
        "Seconds": f"{e['seconds'].value:.1f}",
    }


def _corrected(estimates: Mapping[str, Estimate]) -> str:
    """Return WGA less its bias, in the interval that is guaranteed for these seeds."""
    return replace(estimates["wga_guaranteed"], value=estimates["wga_corrected"].value).text()


def _brackets(summary: ExperimentSummary) -> str:
    if len(summary.seeds) == 1:
        return "Brackets: 95 % intervals over test samples; one seed does not show how other seeds differ."
    return "Brackets: 95 % intervals over training seeds and test samples."


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
            line["p, seeds only (Holm)"] = p_text(d.p_seeds)
        lines.append(line)
    return markdown_table(lines)


def _seed_tests(differences: Sequence[Difference]) -> int:
    return sum(d.p_seeds is not None for d in differences)


def _tests(summary: ExperimentSummary) -> str:
    """Explain the p-values."""
    total, count = len(summary.differences), _seed_tests(summary.differences)
    seeds = ", with the variance over seeds added" if len(summary.seeds) > 1 else ""
    text = (
        f"p: paired bootstrap over samples{seeds}; Holm-corrected over {total} tests, unlike the intervals. Rows whose "
        "intervals overlap may differ significantly, since they answer the same samples."
    )
    if count:
        text += f" p, seeds only: paired t-test over seeds on this test split; Holm-corrected over {count} tests."
    if 0 < count < total:
        text += " -: no test, since all seeds differ by the same amount."
    return text


def _about(summary: ExperimentSummary) -> str:
    """Describe the runs and the sizes of the splits."""
    s, seeds = summary.scenario, summary.seeds
    trained = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}"
    return (
        f"Scenario {s.name}, modality {summary.modality}: {s.num_classes} classes; {s.splits.train:,} train, "
        f"{s.splits.val:,} val, {s.num_test:,} test samples, of which {s.splits.twins:,} have twins. Trained with "
        f"{trained}, on {summary.device}."
    )


def _world(summary: ExperimentSummary) -> list[str]:
    """Describe the world as its train split was drawn."""
    train = draw_train(summary.scenario)
    return ["## The world, as drawn", rates_table(summary.task, train), RATES, _bullets(facts(summary.task, train))]


def _selection(summary: ExperimentSummary) -> str:
    """Name the rule that selected each method's epoch, where a method reports it."""
    rules: dict[str, list[str]] = {}
    for method in summary.finished:
        report = method.results[0].report
        if report and report.selection:
            rules.setdefault(report.selection, []).append(method.name)
    listed = "; ".join(f"{as_markdown(rule)} ({', '.join(names)})" for rule, names in rules.items())
    return f"The epoch was selected by: {listed}." if listed else ""


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
