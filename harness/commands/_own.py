"""`spurgen run --metadata`: methods on a user's own images or texts, and how many counterexamples they need."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import BASELINES, names_in
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.world import MAX_WORLDS
from spurgen.harness.experiments import DATA
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.printing import one_line, say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.options.flags import between, command_line, refuse

if TYPE_CHECKING:  # slow to import
    from spurgen.harness.own.report import Found

METHODS = ("erm", "group_dro", "jtt", "dfr", "subg")  # one of each family
SAMPLES = 10_000
DRAWS = tuple(range(5))
OWN_FLAGS = ("metadata", "features", "encoder", "label", "shortcut", "text", "key", "split_column", "target")
SHARED = ("data_dir", "methods", "exp_name", "out", "seeds", "jobs", "num_samples", "dry_run")
"""Flags of the command that also apply to own data."""
Declare = Callable[[argparse.ArgumentParser], None]


def add_own(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of a user's own data."""
    add = parser.add_argument_group("your own data, on frozen features (docs/own-data.md)").add_argument
    add("--metadata", type=Path, metavar="FILE", help="CSV or Parquet: a line per sample; images lie in --data-dir")
    add(
        "--label", metavar="COLUMN",
        help="column of the label; default: as in Waterbirds, CelebA, CivilComments, MultiNLI",
    )  # fmt: skip
    add("--shortcut", metavar="COLUMN", help="column of the attribute that may be a shortcut; default: as for --label")
    add(
        "--text", nargs="+", default=[], metavar="COLUMN",
        help="columns of text, joined; default: the samples are images",
    )  # fmt: skip
    add(
        "--features", type=Path, metavar="FILE",
        help="features in place of images and texts: a file of numpy.save, a row for each line of --metadata",
    )  # fmt: skip
    add("--key", metavar="COLUMN", help="column of the images' file names; default: recognised by usual names")
    add("--split-column", metavar="COLUMN", help="column of splits; default: recognised, else drawn at random")
    add(
        "--encoder", default="", metavar="ENCODER",
        help="as spurgen profile takes it; default: minilm, for images efficientnet-lite0",
    )  # fmt: skip
    add(
        "--target", type=between(0.01, 0.99), metavar="X",
        help="accuracy whose counterexamples are counted; default: three quarters of the ceiling",
    )  # fmt: skip


def run_own(arguments: argparse.Namespace, all_flags: Declare, console: Console) -> int:
    """Read and check the data, encode and train, write the report; return 1 if a method failed.

    `all_flags` declares those of the command.
    """
    refuse(arguments, all_flags, "with --metadata", (*OWN_FLAGS, *SHARED))
    methods = [one_of("method", name, names_in(BASELINES)) for name in arguments.methods or METHODS]
    from spurgen.harness.evaluation.tables import Columns  # imported late: pandas and torch are slow to import
    from spurgen.harness.own.data import read_own
    from spurgen.harness.own.encoding import features_of, given_features

    asked = Columns(
        label=arguments.label, attributes=(arguments.shortcut,) if arguments.shortcut else (), key=arguments.key,
        split=arguments.split_column,
    )  # fmt: skip
    file = arguments.features
    if file and (arguments.text or arguments.encoder):
        raise SpurgenError("--features takes the place of --text and --encoder; leave those out")
    seeds = arguments.seeds or DRAWS
    if max(seeds) >= MAX_WORLDS:
        raise SpurgenError(f"--seeds: with --metadata draws are 0 to {MAX_WORLDS - 1}, and {max(seeds)} is none")
    data = read_own(
        arguments.metadata, arguments.data_dir, asked, arguments.text, arguments.num_samples or SAMPLES,
        has_features=bool(file),
    )  # fmt: skip
    features = given_features(file, arguments.metadata, data) if file else None
    for line in (data.about(), *data.limits()):
        say(console, one_line(line))
    if arguments.dry_run:
        return 0
    check_writable(arguments.out, "--out")
    from spurgen.harness.own.climb import check_methods, climb
    from spurgen.harness.own.collection import collection_of, folds_of, write_ladder
    from spurgen.harness.own.report import summarize

    check_methods(methods)
    if features is None:
        with samples_bar(console, len(data.inputs), "encoded") as advance:
            features = features_of(data, arguments.encoder, arguments.jobs, advance)
    stem = arguments.out / arguments.exp_name
    ladder, folds = collection_of(data, features, max(seeds) + 1, Path(f"{stem}_samples.npz"))
    trainings = (1 + len(ladder.rungs) * len(seeds)) * len(methods) + len(folds)
    with samples_bar(console, trainings, "trained") as advance:
        answers = climb(ladder, folds, methods, seeds, arguments.jobs, advance)
    heeded = ("data_dir", *OWN_FLAGS, "methods", "num_samples", "seeds", "out")
    flags = {name: getattr(arguments, name) for name in heeded}
    flags["data_dir"] = None if arguments.data_dir == DATA else arguments.data_dir
    found = summarize(data, answers, ladder.rungs, folds_of(data), arguments.target)
    write_ladder(ladder, found.ceiling.accuracy.value if found.ceiling else None, Path(f"{stem}_ladder.toml"))
    _write(found, command_line(["run"], flags), stem, console)
    return 1 if found.failed else 0


def _write(found: "Found", command: str, stem: Path, console: Console) -> None:
    """Write and print the report, and the picture of the curves where there are any."""
    from spurgen.harness.plots.ladder import draw_own_ladder
    from spurgen.harness.plots.style import save

    figure = f"{stem.name}_ladder.svg" if found.drawn and len(found.rungs) > 1 else ""
    if figure:
        axis = f"counterexamples, of {found.data.have:,} in train"
        save(draw_own_ladder(found.drawn, found.rungs, found.target, axis), stem.with_name(figure))
    report = found.report(command, figure)
    write_atomically(stem.with_name(f"{stem.name}_results.json"), report.to_json())
    write_atomically(stem.with_name("results.md"), report.to_markdown())
    say(console, f"wrote the report to {stem.with_name('results.md')}")
    for line in [*([found.ceiling.about()] if found.ceiling else []), *found.found()]:
        say(console, line)
    print(report.to_text(console.width, "methods", "curves"))
