"""`spurgen run` on a world: methods trained, scored and compared, with a report and plots."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console

from spurgen.benchmark.errors import ScenarioError, SpurgenError, shortened
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import Scenario, pictograms
from spurgen.generators import check
from spurgen.harness.board.report import Report
from spurgen.harness.commands._own import OWN_FLAGS
from spurgen.harness.experiments import DATA, METHODS, data_folder
from spurgen.harness.experiments.experiment import (
    Experiment,
    check_task,
    empty_groups,
    find_methods,
    lacks_environments,
    logged,
    measured_seconds,
    missing_jobs,
    plan,
    run_experiment,
    unused_flags,
)
from spurgen.harness.experiments.report import FILE_NAME, report_of, sample_sheet
from spurgen.harness.experiments.summary import Summary, summarize
from spurgen.harness.exports.writing import export, find
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.machine.provenance import pick_device
from spurgen.harness.options.flags import command_line, read_world_of
from spurgen.harness.options.jobs import describe_isolation, forecast, may_start, resources_of
from spurgen.harness.plots.forest import comparison, sensitivity
from spurgen.harness.plots.style import save
from spurgen.harness.plots.training import training_curves
from spurgen.harness.running.plan import Forecast
from spurgen.harness.sandbox.limits import DEFAULT

MAX_SEED = 2**62  # results take up to 2**63
REPORT = "results.md"
OWN = ("command", "run")  # attributes that the parser adds to a command's flags


def run_world(arguments: argparse.Namespace, console: Console) -> int:
    """Check everything, make the data, run what is missing, and report; return 1 if a job failed."""
    experiment = plan_experiment(arguments)
    ahead, scenario = _forecast(experiment, arguments), pictograms(experiment.task.scenario)
    data = data_folder.plan_of(scenario)
    write = arguments.generate_data and not data_folder.is_there(scenario, arguments.data_dir)
    if write:
        find(data, arguments.data_dir)
    if arguments.dry_run:
        may_start(ahead, arguments, console)
        return 0
    check_writable(arguments.out, "--out")
    if not write and not arguments.scenario:
        with samples_bar(console, data.total, "images") as advance:
            data_folder.check_files(scenario, arguments.data_dir, advance)
    with logged(arguments.out, console) as log:
        log.info("%s", experiment.command)
        log.info("%s", describe_isolation(DEFAULT))
        methods = experiment.methods
        for message in (*unused_flags(methods, vars(arguments)), *empty_groups(experiment.task, methods)):
            log.warning("%s", message)
        log.info("%s", ahead.sentence())
        if write:
            with samples_bar(console, data.total, "images") as advance:
                export(data, arguments.data_dir, advance, arguments.jobs)
            log.info("wrote %d images, metadata.csv and scenario.toml to %s", data.total, arguments.data_dir)
        resources = resources_of(arguments, experiment.device)
        summary = summarize(experiment, run_experiment(experiment, log, console, resources))
        report = report_of(summary)
        files = write_files(report, summary, experiment.folder)
        log.info("wrote %s to %s", ", ".join(files), experiment.folder)
        for line in report.notes:
            log.info("%s", line)
    print(report.to_text(console.width, "methods"))
    return 0 if len(summary.lines) == len(summary.rows) else 1


def plan_experiment(arguments: argparse.Namespace) -> Experiment:
    """Return the experiment that the flags describe; raise `SpurgenError` if there can be no such experiment."""
    if not re.fullmatch(FILE_NAME, arguments.exp_name):
        raise SpurgenError(
            f"--exp-name {arguments.exp_name!r}: file names begin with it; use only letters, digits, and _ . -"
        )
    if not 0 <= arguments.seed < MAX_SEED:
        raise SpurgenError(f"--seed {shortened(arguments.seed)}: expected 0 to {MAX_SEED - 1}")
    device = pick_device(arguments.device)
    scenario = find_scenario(arguments)
    check(scenario)
    task = Task(f"{scenario.name}-{arguments.modality}", scenario, arguments.modality)
    methods = find_methods(arguments.methods or METHODS, vars(arguments))
    if not arguments.methods:
        methods = tuple(method for method in methods if not lacks_environments(task, method))
    check_task(task, methods, arguments.batch_size)
    seeds = arguments.seeds or (arguments.seed,)
    chosen = argparse.Namespace(**vars(arguments) | {"methods": arguments.methods or [each.name for each in methods]})
    return Experiment(arguments.exp_name, task, methods, seeds, device, arguments.out, command_of(chosen))


def _forecast(experiment: Experiment, arguments: argparse.Namespace) -> Forecast:
    """Return which jobs are to run, and for how long, estimated from results in the experiment's folder."""
    jobs = plan(experiment)
    missing = missing_jobs(experiment, jobs)
    return forecast([*jobs.values()], missing, arguments, measured_seconds(experiment, jobs))


def find_scenario(arguments: argparse.Namespace) -> Scenario:
    """Return the scenario of the file, else of `--generate-data`, else of the existing data set."""
    asked = {name: getattr(arguments, name) for name in ("num_classes", "num_samples")}
    if arguments.generate_data and not arguments.scenario:
        sizes = {name: value for name, value in asked.items() if value is not None}
        return data_folder.describe_world(seed=arguments.seed, **sizes)
    named = read_world_of(arguments)
    scenario = pictograms(named) if named else data_folder.read_world(arguments.data_dir)
    if scenario is None:
        raise ScenarioError(
            f"--data-dir {arguments.data_dir}: there is no data set (no scenario.toml); pass --generate-data to make "
            "one, or give a scenario file"
        )
    if arguments.scenario and arguments.data_dir != DATA:
        data_folder.is_there(scenario, arguments.data_dir, arguments.scenario)
    data_folder.check_agrees(scenario, arguments.scenario or arguments.data_dir, **asked)
    return scenario


def command_of(arguments: argparse.Namespace) -> str:
    """Return the command with the value of every flag, so that a change of defaults does not change it."""
    scenario = [str(arguments.scenario)] if arguments.scenario else []
    values = {name: value for name, value in vars(arguments).items() if name not in ("scenario", *OWN, *OWN_FLAGS)}
    return command_line(["run", *scenario], values)


def write_files(report: Report, summary: Summary, folder: Path) -> list[str]:
    """Write the report, as Markdown and as JSON, and the plots; return the files' names."""
    data = f"{summary.experiment.name}_results.json"
    write_atomically(folder / data, report.to_json())
    names = []
    for name, figure in plots(summary):
        save(figure, folder / name)
        names.append(name)
    write_atomically(folder / REPORT, report.to_markdown(names))
    return [REPORT, data, *names]


def plots(summary: Summary) -> Iterator[tuple[str, Figure]]:
    """Draw every plot of an experiment; yield it with its file's name."""
    task, begin = summary.experiment.task, summary.experiment.name
    yield "sample_visualization.png", sample_sheet(task)
    if summary.lines:
        yield f"{begin}_comparison.png", comparison(summary.lines, summary.ideal)
    for line in summary.lines:
        name = line["submission"]
        yield f"{begin}_{name}_training_curves.png", training_curves(summary.rows[name].results)
        yield f"{begin}_{name}_sss.png", sensitivity(line, task.channels, summary.ideal)
