"""The report of an experiment: the board's columns, tests against ERM, the world as drawn, the limits, and samples."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from matplotlib.figure import Figure
from pydantic import BaseModel, Field

from spurgen.benchmark.errors import SpurgenError, checked
from spurgen.benchmark.result import Environment
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import Scenario, Strength, pictograms
from spurgen.generators import Samples, sample
from spurgen.generators.pictograms.law import shows_core
from spurgen.generators.pictograms.sampling import Factors, draw_factors, patterns
from spurgen.generators.pictograms.state import state_of
from spurgen.generators.world import NOTHING, world_of
from spurgen.harness.board.columns import COLUMNS, Record, column, compared_lines, filled, keys
from spurgen.harness.board.placing import ERM
from spurgen.harness.board.report import Report, Table, bullets, read_report
from spurgen.harness.board.rows import RANKED_BY, paper_names
from spurgen.harness.experiments.summary import IDEAL, TOO_FEW_BASES, Summary
from spurgen.harness.machine import provenance
from spurgen.harness.machine.printing import and_list, as_markdown, markdown_table
from spurgen.harness.plots.style import GREY, styled
from spurgen.harness.results.rows import result_line

FILE_NAME = "[A-Za-z0-9][A-Za-z0-9_.-]*"  # the pattern of an experiment's name, with which names of files begin
UNSEEN = ("rank", "letters", "submission", "units", "lowest_where", "verification")
"""Columns of a board that say nothing of methods that were run together."""
SHOWN = ("method", "access", *(key for key in keys("brief", "wide") if key not in UNSEEN))
TESTS = ("method", "metric", "difference", "p_holm", "significant")
FEW_BASES, FEW_SEEDS = 100, 5
WIDE = 5  # classes on the sheet of samples
SEARCHED = 200  # train samples among which one of each class is chosen
WRAPPED = 24  # characters that fit below an image
SIDE, LINE_HEIGHT = 1.75, 0.15  # inches
HEADINGS = ("train, as drawn", "test, all shortcuts agree", "test, all shortcuts mislead")
RATES = (
    "How often a shortcut agrees with the label, counted on train; in brackets what the scenario asks for. In "
    "the header each name is followed by its number of samples."
)


def report_of(summary: Summary) -> Report:
    """Return the report on an experiment."""
    experiment, task = summary.experiment, summary.experiment.task
    scenario = pictograms(task.scenario)
    train = draw_train(scenario)
    lines = [*summary.lines, *[summary.ideal] * bool(summary.ideal)]
    tests = [line for name, each in summary.differences.items() for line in compared_lines({"submission": name}, each)]
    over = f"Paired tests over {_over(summary)}, Holm-corrected over all {len(tests)}, unlike the intervals"
    devices = (result.provenance.environment.device for row in summary.rows.values() for result in row.results)
    device = " and ".join(dict.fromkeys(devices))  # earlier results may be from another device
    made_with, written = provenance.environment(experiment.device), provenance.now()
    parts: list[Table | str] = [
        _about(summary, device), "## The world, as drawn", rates_table(task, train), RATES, bullets(facts(task, train)),
        *[Table("methods", lines, SHOWN, "Results", _legend(summary, lines))] * bool(summary.lines),
        *[Table("tests", tests, TESTS, f"Differences to {ERM}",
                f"{over} (docs/statistics.md). Methods are tested against {ERM} alone.")] * bool(tests),
        Table("results", [result_line(each) for row in summary.rows.values() for each in row.results], ()),
        _origin(made_with, written, scenario.digest),
    ]  # fmt: skip
    about = {
        "name": experiment.name, "scenario": scenario.model_dump(), "scenario_sha256": scenario.digest,
        "modality": task.modality, "device": device, "seeds": experiment.seeds,
        "methods": {method.name: {"spec": method.spec, "options": method.options} for method in experiment.methods},
        "names": paper_names({name: {task.name: row} for name, row in summary.rows.items()}),
        "unranked": dict(summary.unranked), "environment": made_with.model_dump(), "written": written,
    }  # fmt: skip
    title = f"{experiment.name}: {', '.join(summary.rows)}"
    return Report("run", title, _better(summary), parts, [*_limits(summary)], about, experiment.command)


class StoredRun(BaseModel):
    """What figures need of an experiment's report; `names`: of our methods, as papers have them."""

    name: Annotated[str, Field(pattern=f"^{FILE_NAME}$")]
    scenario_sha256: str
    names: dict[str, str]
    lines: list[Record]
    ideal: Record


def read_run(path: Path) -> StoredRun:
    """Read the JSON file of an experiment; raise `SpurgenError` if it is not one, or has no line to draw."""

    def refused(why: str) -> SpurgenError:
        return SpurgenError(f"{path} is no report of spurgen run on a world: {why}; name EXPERIMENT_results.json")

    stored = read_report(path, "run")
    every = stored.lines("methods")
    ideal = next((line for line in every if line.get("submission") == IDEAL), {})
    lines = [line for line in every if line is not ideal]
    run = checked(StoredRun.model_validate, {**stored.about, "lines": lines, "ideal": ideal}, refused)
    if not lines:
        raise SpurgenError(f"{run.name}: every method failed, so there is nothing to draw")
    for key in ("submission", "access", "ranked", RANKED_BY):
        if not all(key in line for line in lines):
            raise refused(f"a line of its methods has no {key}")
    return run


def run_blocks(lines: Sequence[Record]) -> Iterator[tuple[str, list[Record]]]:
    """Yield a heading and the lines below it: an access tier each, then the lines that are not ranked."""
    titles = [f"Access: {line['access']}" if line["ranked"] else "Not ranked" for line in lines]
    for title in dict.fromkeys(titles):
        yield title, [line for line, own in zip(lines, titles, strict=True) if own == title]


def _legend(summary: Summary, lines: Sequence[Record]) -> str:
    """Explain the columns that the table has."""
    columns = [column(key) for key in filled(lines, SHOWN)]
    meanings = bullets([f"{each.title}: {each.about}." for each in columns])
    return "\n\n".join(
        filter(None, [f"Brackets: 95 % intervals over {_over(summary)}.", meanings, _selection(summary)])
    )


def _over(summary: Summary) -> str:
    return "test samples" if len(summary.experiment.seeds) == 1 else "training seeds and test samples"


def _better(summary: Summary) -> str:
    if not summary.lines:
        return "Every method failed."
    if ERM not in summary.rows or ERM in summary.unranked:
        return f"Nothing was tested against {ERM}, which did not run or is not ranked."
    better = {
        method: [column(m).title for m, each in tests.items()
                 if each.significant and each.difference * COLUMNS[m].better > 0]
        for method, tests in summary.differences.items()
    }  # fmt: skip
    named = [f"{as_markdown(method)} in {and_list(metrics)}" for method, metrics in better.items() if metrics]
    return f"Significantly better than {ERM}: {'; '.join(named) or 'none'}."


def _limits(summary: Summary) -> Iterator[str]:
    """Yield which methods are not ranked, each with the reason, and what limits the experiment."""
    seeds, bases = len(summary.experiment.seeds), summary.experiment.task.scenario.base_of("twins/core")[1]
    for name, reason in summary.unranked.items():
        yield f"Not ranked: {as_markdown(name)}: {as_markdown(reason)}."
    if seeds == 1:
        yield "One training seed: intervals and tests are about these models, not the methods; use --seeds 0-4."
    elif seeds < FEW_SEEDS:
        yield f"{seeds} seeds show little of the variance over seeds; use --seeds 0-4."
    tiers = {line["access"] for line in summary.lines}
    if len(tiers) > 1:
        yield f"The methods see different annotations ({and_list(sorted(tiers))}; docs/methods.md)."
    if bases < FEW_BASES:
        untested = "" if bases >= TOO_FEW_BASES else ", so SSS is not tested"
        yield f"SSS, IG, and what answers follow, rest on only {bases} base sample{'s' * (bases != 1)}{untested}."


def _about(summary: Summary, device: str) -> str:
    """Describe the runs and the sizes of the splits."""
    task, seeds = summary.experiment.task, summary.experiment.seeds
    s = pictograms(task.scenario)
    trained = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}"
    return (
        f"Scenario {s.name}, modality {task.modality}: {s.num_classes} classes; {s.splits.train:,} train, "
        f"{s.splits.val:,} val, {s.num_test:,} test samples, of which {s.splits.twins:,} have twins. Trained with "
        f"{trained}, on {device}."
    )


def _selection(summary: Summary) -> str:
    """Name the rule that selected each method's epoch, where a method reports it."""
    rules: dict[str, list[str]] = {}
    finished = {line["submission"] for line in summary.lines}
    for name, row in summary.rows.items():
        report = row.results[0].report
        if name in finished and report and report.selection:
            rules.setdefault(report.selection, []).append(name)
    listed = "; ".join(f"{as_markdown(rule)} ({', '.join(names)})" for rule, names in rules.items())
    return f"The epoch was selected by: {listed}." if listed else ""


def _origin(made_with: Environment, written: str, digest: str) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in made_with.packages.items())
    commit = f"commit {made_with.commit}{' with changes' if made_with.dirty else ''}, " if made_with.commit else ""
    return (
        f"SpurGen {made_with.spurgen}, {commit}Python {made_with.python}, {packages}; {made_with.machine}; {written}. "
        f"Scenario SHA-256 `{digest}`."
    )


def draw_train(scenario: Scenario) -> Factors:
    """Draw the factors of every train sample."""
    return draw_factors(state_of(scenario), "train", np.arange(scenario.splits.train))


def rates_table(task: Task, train: Factors) -> str:
    """Return how often each channel goes with the class in train and in each of its environments, as Markdown.

    The strength that the scenario specifies is in brackets: with the class shown under label noise, else with the
    label.
    """
    scenario = pictograms(task.scenario)
    world = state_of(scenario)
    classes = train.core if scenario.noise_kind == "label" else train.labels
    lines = []
    for name in task.channels:
        channel = scenario.channels[name]
        aligned = patterns(world, classes, train.values, (name,)) == 0
        line = {"Shortcut": name, "Values": str(channel.values)}
        stated = "" if scenario.environments else f" ({_asked(channel.strength)})"
        line[f"train, {len(aligned):,}"] = f"{aligned.mean():.2f}{stated}"
        for k, environment in enumerate(scenario.environments):
            here = aligned[train.env_ids == k]
            strength = _asked(environment.strength.get(name, channel.strength))
            line[f"{environment.name}, {len(here):,}"] = f"{here.mean():.2f} ({strength})" if len(here) else "-"
        lines.append(line)
    return markdown_table(lines)


def _asked(strength: Strength) -> str:
    return "by class" if isinstance(strength, tuple) else f"{strength:g}"


def facts(task: Task, train: Factors) -> Iterator[str]:
    """Yield sentences on how train shows the class, how much captions mention, and which combinations train lacks."""
    scenario, world = pictograms(task.scenario), world_of(task.scenario)
    if not shows_core(scenario, task.modality):
        yield "Nothing that this modality shows tells the class but the shortcuts."
    else:
        if scenario.label_noise:
            share = f"{(train.core != train.labels).mean():.2f} ({scenario.label_noise:g})"
            yield f"The class shown is not the label in {share} of train; on test it always is."
        else:
            yield "The class shown is the label in every sample."
        if scenario.core_visibility < 1:
            share = f"{train.visible.mean():.2f} ({scenario.core_visibility:g})"
            best = f"the best test accuracy without the shortcuts is {scenario.ceiling:.2f}"
            yield f"The class is shown in {share} of train; {best}."
        else:
            yield "The class is shown in every sample."
        for what, times in (("size", scenario.core_size), ("contrast", scenario.core_contrast)):
            if times != 1:
                yield f"The pictogram has {times:g} times its usual {what}."
    if task.modality != "image":
        fidelity = scenario.caption_fidelity
        yield f"A caption mentions a shortcut {f'with probability {fidelity:g}' if fidelity < 1 else 'always'}."
    if not scenario.withheld:
        yield "No combination is withheld from train and val."
    names = {**world.values, "class": world.class_names}
    for combination in scenario.withheld:
        said = and_list([f"{name} {names[name][value]}" for name, value in combination.items()])
        yield f"Withheld from train and val: {said}."


def sample_sheet(task: Task) -> Figure:
    """Draw up to five classes: a train sample, and test samples where all shortcuts agree and mislead."""
    scenario = pictograms(task.scenario)
    shown = min(WIDE, scenario.num_classes)
    last = scenario.num_classes * (scenario.num_patterns - 1)
    blocks = [
        sample(scenario, "train", _train_indices(task, shown)),
        sample(scenario, "test", range(shown)),
        sample(scenario, "test", range(last, last + shown)),
    ]
    text = [[label_text(task, block, k) for k in range(len(block.labels))] for block in blocks]
    lines = max(label.count("\n") + 1 for row in text for label in row)
    height = (0.05 if task.modality == "text" else SIDE) + LINE_HEIGHT * (lines + 2)
    title = f"{task.name}: class, and shortcuts\n(✓ agrees with the class, ✗ misleads)"
    with styled():
        figure = Figure(figsize=(max(SIDE * shown, 5.0), 0.7 + len(blocks) * height), layout="constrained")
        figure.suptitle(title)
        grid = figure.subplots(len(blocks), shown, squeeze=False)
        for axes in grid.flat:
            axes.set(xticks=[], yticks=[], title=" ")  # the title keeps room for the heading beside it
            axes.spines[:].set_visible(False)
        for row, block, labels, heading in zip(grid, blocks, text, HEADINGS, strict=True):
            row[0].set_title(heading, loc="left", color=GREY).set_in_layout(False)
            for k, label in enumerate(labels):
                if task.modality != "text":
                    row[k].imshow(block.images[k], interpolation="nearest")
                    row[k].set_xlabel(label, fontsize=8)
                else:
                    row[k].text(0.5, 1, label, transform=row[k].transAxes, ha="center", va="top", fontsize=8)
    return figure


def _train_indices(task: Task, count: int) -> list[int]:
    """Return the index of a train sample for each of the first classes that occurs in train."""
    searched = range(min(SEARCHED, task.num_train))
    labels = world_of(task.scenario).draw("train", searched, NOTHING).labels
    return [int(np.flatnonzero(labels == k)[0]) for k in range(count) if (labels == k).any()]


def label_text(task: Task, samples: Samples, k: int) -> str:
    """Return a sample's class, its channel values, and its caption if the task has captions."""
    world = world_of(task.scenario)
    label = int(samples.labels[k])
    lines = textwrap.wrap(world.class_names[label].upper(), WRAPPED)
    for name in task.channels:
        value = int(samples.channel_values[name][k])
        mark = "✓" if world.goes[name][value, label] else "✗"
        lines.append(f"{name} {world.values[name][value]} {mark}")
    if task.modality != "image":
        caption = samples.captions[k].replace(" ?", "\u00a0?").replace(" !", "\u00a0!")
        lines += textwrap.wrap(f"“{caption}”", WRAPPED)
    return "\n".join(lines)
