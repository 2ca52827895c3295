"""The report of an experiment, results.md: the board's columns, tests against ERM, and the limits."""

from collections.abc import Iterator, Sequence

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.columns import COLUMNS, column, keys, table
from spurgen.harness.board.markdown import escaped
from spurgen.harness.experiments.drawn import draw_train, facts, rates_table
from spurgen.harness.experiments.lines import ideal_line, lines_of_run
from spurgen.harness.experiments.summary import TOO_FEW_BASES, ExperimentSummary
from spurgen.harness.machine.printing import and_list, as_markdown, markdown_table, p_text

NOT_RANKED = " (not ranked)"
SHOWN = (
    "submission",
    "access",
    *(key for key in keys("brief", "wide") if key not in ("rank", "letters", "submission", "units")),
)
FEW_BASES, FEW_SEEDS = 100, 5
RATES = (
    "How often a shortcut agrees with the label, counted on train; in brackets what the scenario asks for. In "
    "the header each name is followed by its number of samples."
)


def to_markdown(summary: ExperimentSummary, plots: Sequence[str] = ()) -> str:
    """Return the report as Markdown; `plots` are the names of the files to list."""
    parts = [
        f"# {summary.name}: {', '.join(m.name for m in summary.methods)}", _about(summary),
        *_world(summary),
        "## Results", results_table(summary), _legend(summary),
    ]  # fmt: skip
    if summary.differences:
        parts += [f"## Differences to {ERM}", difference_table(summary), _tests(summary)]
    parts += ["## Conclusions", _bullets(conclusions(summary))]
    parts += ["## How to repeat it", f"```\n{summary.command}\n```", _origin(summary)]
    parts += ["## Plots", _bullets([f"[{name}]({name})" for name in plots])] if plots else []
    return "\n\n".join(parts) + "\n"


def results_table(summary: ExperimentSummary) -> str:
    """Return a line per method that has results, and the ideal observer's, in the board's columns."""
    if not summary.finished:
        return "Every method failed."
    methods = lines_of_run(summary)
    marked = [line | {"submission": line["submission"] + NOT_RANKED * (not line["ranked"])} for line in methods]
    return markdown_table(table(escaped([*marked, *ideal_line(summary)]), SHOWN))


def _legend(summary: ExperimentSummary) -> str:
    """Explain the columns that the table has."""
    over = "test samples" if len(summary.seeds) == 1 else "training seeds and test samples"
    shown = results_table(summary).partition("\n")[0]
    columns = [COLUMNS[key] for key in SHOWN if f" {COLUMNS[key].title} " in shown]
    meanings = _bullets([f"{column.title}: {column.about}." for column in columns])
    return "\n\n".join(filter(None, [f"Brackets: 95 % intervals over {over}.", meanings, _selection(summary)]))


def difference_table(summary: ExperimentSummary) -> str:
    """Return a table with a line per test."""
    return markdown_table(
        [
            {
                "Method": as_markdown(method), "Metric": column(metric).title,
                "Difference": each.estimate.text("+.3f"),
                "p (Holm)": p_text(each.p_holm), "Significant": "yes" if each.significant else "no",
            }
            for method, differences in summary.differences.items()
            for metric, each in differences.items()
        ]
    )  # fmt: skip


def _tests(summary: ExperimentSummary) -> str:
    """Explain the p-values."""
    total = sum(map(len, summary.differences.values()))
    over = "test samples" if len(summary.seeds) == 1 else "training seeds and test samples"
    return (
        f"Paired tests over {over}, Holm-corrected over all {total}, unlike the intervals (docs/statistics.md). "
        f"Methods are tested against {ERM} alone."
    )


def conclusions(summary: ExperimentSummary) -> list[str]:
    """Return which methods are better than ERM, which are not ranked and why, and what limits the experiment."""
    return [_better(summary), *unranked(summary), *_limits(summary)]


def _better(summary: ExperimentSummary) -> str:
    if ERM not in [method.name for method in summary.ranked]:
        return f"Nothing was tested against {ERM}, which did not run or is not ranked."
    better = {
        method: [column(m).title for m, each in tests.items()
                 if each.significant and each.difference * COLUMNS[m].better > 0]
        for method, tests in summary.differences.items()
    }  # fmt: skip
    named = [f"{as_markdown(method)} in {and_list(metrics)}" for method, metrics in better.items() if metrics]
    return f"Significantly better than {ERM}: {'; '.join(named) or 'none'}."


def unranked(summary: ExperimentSummary) -> list[str]:
    """Return which methods are not ranked, each with the reason."""
    reasons = {method.name: method.unranked for method in summary.methods if method.unranked is not None}
    return [f"Not ranked: {as_markdown(name)}: {as_markdown(reason)}." for name, reason in reasons.items()]


def _limits(summary: ExperimentSummary) -> Iterator[str]:
    seeds, bases = len(summary.seeds), summary.scenario.splits.twins
    if seeds == 1:
        yield "One training seed: intervals and tests are about these models, not the methods; use --seeds 0-4."
    elif seeds < FEW_SEEDS:
        yield f"{seeds} seeds show little of the variance over seeds; use --seeds 0-4."
    tiers = {method.access for method in summary.finished}
    if len(tiers) > 1:
        yield f"The methods see different annotations ({and_list(sorted(tiers))}; docs/methods.md)."
    if bases < FEW_BASES:
        untested = "" if bases >= TOO_FEW_BASES else ", so SSS is not tested"
        yield f"SSS, IG, and what answers follow, rest on only {bases} base sample{'s' * (bases != 1)}{untested}."


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
