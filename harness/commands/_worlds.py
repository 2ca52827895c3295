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
from spurgen.harness.commands._own import OWN_FLAGS
from spurgen.harness.experiments import DATA, METHODS, data_folder
from spurgen.harness.experiments.checks import check_task, empty_groups, find_methods, lacks_environments, unused_flags
from spurgen.harness.experiments.experiment import Experiment, measured_seconds, missing_jobs, plan, run_experiment
from spurgen.harness.experiments.lines import line_of_method, lines_of_run
from spurgen.harness.experiments.log import logged
from spurgen.harness.experiments.report import conclusions, results_table, to_markdown
from spurgen.harness.experiments.sample_sheet import sample_sheet
from spurgen.harness.experiments.summary import FILE_NAME, ExperimentSummary, summarize
from spurgen.harness.exports.writing import export, find
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.machine.provenance import pick_device
from spurgen.harness.options.cluster import resources_of
from spurgen.harness.options.flags import command_line, read_world_of
from spurgen.harness.options.limits import describe_isolation
from spurgen.harness.options.starting import forecast, may_start
from spurgen.harness.plots.of_run import comparison, sensitivity, training_curves
from spurgen.harness.plots.style import save
from spurgen.harness.running.forecast import Forecast
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
        files = write_files(summary, experiment.folder)
        log.info("wrote %s to %s", ", ".join(files), experiment.folder)
        for line in conclusions(summary):
            log.info("%s", line)
    print(results_table(summary))
    return 0 if len(summary.finished) == len(summary.methods) else 1


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
        data_folder.check_same(scenario, arguments.scenario, arguments.data_dir)
    data_folder.check_agrees(scenario, arguments.scenario or arguments.data_dir, **asked)
    return scenario


def command_of(arguments: argparse.Namespace) -> str:
    """Return the command with the value of every flag, so that a change of defaults does not change it."""
    scenario = [str(arguments.scenario)] if arguments.scenario else []
    values = {name: value for name, value in vars(arguments).items() if name not in ("scenario", *OWN, *OWN_FLAGS)}
    return command_line(["run", *scenario], values)


def write_files(summary: ExperimentSummary, folder: Path) -> list[str]:
    """Write the summary, the plots and the report; return the files' names."""
    data = f"{summary.name}_results.json"
    write_atomically(folder / data, summary.dump())
    names = []
    for name, figure in plots(summary):
        save(figure, folder / name)
        names.append(name)
    write_atomically(folder / REPORT, to_markdown(summary, names))
    return [REPORT, data, *names]


def plots(summary: ExperimentSummary) -> Iterator[tuple[str, Figure]]:
    """Draw every plot of an experiment; yield it with its file's name."""
    yield "sample_visualization.png", sample_sheet(summary.task)
    if summary.finished:
        yield f"{summary.name}_comparison.png", comparison(lines_of_run(summary), summary.ideal)
    for method in summary.finished:
        yield f"{summary.name}_{method.name}_training_curves.png", training_curves(method.results)
        shown = sensitivity(line_of_method(method, {}), summary.task.channels, summary.ideal)
        yield f"{summary.name}_{method.name}_sss.png", shown
