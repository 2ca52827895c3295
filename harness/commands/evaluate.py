"""Evaluate predictions made anywhere: accuracy by group, worst-group and robust accuracy; compare models."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import split_spec
from spurgen.harness.machine.files import STDOUT, check_distinct, matching, write_atomically
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.options.flags import add_device, positive_int, refuse

IMAGE_SIZE = 224
VAL = "val"  # the split by which checkpoints are selected
ALIGNED = "a value for each class, as in: --aligned place landbird=land waterbird=water"

if TYPE_CHECKING:
    from spurgen.harness.evaluation.figures import Comparison, Evaluation
    from spurgen.harness.evaluation.predictions import Predictions
    from spurgen.harness.evaluation.tables import Columns


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    _add_tables(parser)
    _add_model(parser)


def _add_tables(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "tables", type=Path, nargs="*", default=[], metavar="table",
        help="CSV or Parquet: a line per sample and run, with prediction or logits; the first is compared with each of "
        "the others, predictions of other models for the same samples, by a paired test",
    )  # fmt: skip
    add(
        "--metadata", type=Path, metavar="FILE",
        help="table with labels, attributes and splits, such as Waterbirds' metadata.csv; 'test-*.parquet' is one in "
        "several files; default: the table itself",
    )  # fmt: skip
    for name, what in (
        ("label", "the label"), ("prediction", "the predicted label"), ("key", "the sample's name"),
        ("run", "the run"), ("split", "the split"),
    ):  # fmt: skip
        flag = f"--{name}" if name != "split" else "--split-column"
        add(flag, metavar="COLUMN", dest=f"{name}_column", help=f"column of {what}; default: recognised by usual names")
    add("--logits", metavar="PREFIX", help="beginning of the columns of logits, one per class; default: logit_")
    add(
        "--attributes", nargs="+", default=[], metavar="COLUMN",
        help="columns that make groups with the label; default: those of Waterbirds, CelebA, CivilComments, MultiNLI",
    )  # fmt: skip
    add("--split", metavar="NAME", help="samples to evaluate; default: test, where there are several splits")
    add(
        "--aligned", nargs="+", action="append", default=[], metavar="WORD",
        help=f"an attribute, then {ALIGNED}; default: as in the train split",
    )  # fmt: skip
    add(
        "--checkpoints", action="store_true",
        help="the tables are checkpoints of one model, in their order, with predictions for val and test: show what "
        "rules that select one by val reach",
    )  # fmt: skip
    add("--allow-missing-groups", action="store_true", help="leave groups without a sample out, and say so")
    add("--json", type=Path, metavar="FILE", help="write all figures as JSON; - prints it alone")
    add("--latex", type=Path, metavar="FILE", help="write a table for a paper (booktabs)")
    add("--figure", type=Path, metavar="FILE", help="draw the accuracy of every group, as .pdf, .svg or .png")


def _add_model(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of a submission and of the data that it answers."""
    group = parser.add_argument_group("a submission on your data, with --metadata (without fit: it is not trained)")
    group.add_argument("--model", metavar="SUBMISSION", help="path/to/file.py, package.module, or one with :attribute")
    group.add_argument("--images", type=Path, metavar="FOLDER", help="folder of the images that --key names")
    group.add_argument("--texts", metavar="COLUMN", help="column of texts, if the model reads no images")
    group.add_argument(
        "--image-size", type=positive_int, metavar="N", help=f"pixels to scale images to; default: {IMAGE_SIZE}"
    )
    add_device(group)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print a summary and tables for each model, and paired tests."""
    if arguments.figure and arguments.figure.suffix not in (".pdf", ".svg", ".png"):
        raise SpurgenError(f"--figure {arguments.figure}: expected a name that ends in .pdf, .svg or .png")
    _check_flags(arguments)
    _check_outputs(arguments)
    if not arguments.tables and arguments.model is None:
        raise SpurgenError("name a table of predictions, or a submission by --model")
    if arguments.checkpoints and (len(arguments.tables) < 2 or arguments.model):
        raise SpurgenError("--checkpoints needs two or more tables, and takes no --model; name one for each checkpoint")
    from spurgen.harness.evaluation.figures import compare_with_first, evaluate, select
    from spurgen.harness.evaluation.reading import read_predictions
    from spurgen.harness.evaluation.report import report_of
    from spurgen.harness.evaluation.tables import Columns  # imported late: pandas is slow to import

    asked = Columns(
        label=arguments.label_column, prediction=arguments.prediction_column, logits=arguments.logits,
        attributes=tuple(arguments.attributes), key=arguments.key_column, run=arguments.run_column,
        split=arguments.split_column,
    )  # fmt: skip
    aligned = dict(map(_aligned, arguments.aligned))
    answered = _run_model(arguments, asked, aligned, console) if arguments.model else None

    def models(split: str | None) -> list["Predictions"]:
        read = [
            read_predictions(path, asked, metadata=arguments.metadata, split=split, aligned=aligned)
            for path in arguments.tables
        ]
        read += [answered] if answered else []
        paths = [*arguments.tables, Path(arguments.model or "")]
        names = _distinct([one.name for one in read], paths[: len(read)])
        return [replace(one, name=name) for one, name in zip(read, names, strict=True)]

    tested, missing = models(arguments.split), arguments.allow_missing_groups
    selections = select(models(VAL), tested, missing) if arguments.checkpoints else []
    evaluations = [selected.evaluation for selected in selections] or [evaluate(one, missing) for one in tested]
    comparisons = [] if selections else compare_with_first(tested, missing)
    report = report_of(evaluations, comparisons, selections)
    shown = report.to_text(console.width, *["models"] * bool(selections))
    print(shown, file=sys.stderr if arguments.json == STDOUT else sys.stdout)
    _write(arguments, evaluations, comparisons, report.to_json(), console)
    return 0


def _run_model(
    arguments: argparse.Namespace, asked: "Columns", aligned: Mapping[str, Mapping[str, str]], console: Console
) -> "Predictions":
    """Return the submission's answers to the samples of --metadata."""
    from spurgen.harness.evaluation.model import answer, image_batches, text_batches
    from spurgen.harness.evaluation.reading import read_samples
    from spurgen.harness.machine.provenance import pick_device
    from spurgen.harness.options.jobs import describe_isolation
    from spurgen.harness.sandbox.limits import DEFAULT

    if arguments.images is not None and arguments.texts is not None:
        raise SpurgenError("--images and --texts: a model is asked about one of the two; leave the other out")
    if arguments.metadata is None or (arguments.images is None and arguments.texts is None):
        raise SpurgenError("--model needs --metadata, and either --images FOLDER or --texts COLUMN")
    if arguments.texts is not None and arguments.image_size is not None:
        raise SpurgenError("--image-size has no effect with --texts; leave it out")
    samples, shown = read_samples(arguments.metadata, asked, arguments.texts, split=arguments.split, aligned=aligned)
    batches = (
        text_batches(shown)
        if arguments.images is None
        else image_batches(arguments.images, shown, arguments.image_size or IMAGE_SIZE)
    )
    say(console, describe_isolation(DEFAULT))
    with samples_bar(console, len(shown)) as advance:
        device, texts = pick_device(arguments.device), arguments.texts is not None
        return answer(arguments.model, samples, batches, texts=texts, device=device, progress=advance)


def _distinct(names: list[str], paths: list[Path]) -> list[str]:
    """Return the models' names, with as much of their paths as distinguishes them."""
    for fuller in ([str(path.with_suffix("")) for path in paths], [str(path) for path in paths]):
        names = [fuller[k] if names.count(name) > 1 else name for k, name in enumerate(names)]
    return names


def _check_flags(arguments: argparse.Namespace) -> None:
    """Raise `SpurgenError` for a flag that has no effect, since it belongs to another use of the command."""
    if not arguments.model:
        refuse(arguments, _add_model, "without --model")
    elif not arguments.tables:
        of_data = vars(arguments).keys() - {"prediction_column", "logits", "run_column"}
        refuse(arguments, _add_tables, "without a table of predictions", of_data)


def _check_outputs(arguments: argparse.Namespace) -> None:
    """Raise `SpurgenError` if a file to write is one to read, or one that is written already."""
    inputs = [*arguments.tables, arguments.metadata]
    inputs += [Path(split_spec(arguments.model)[0])] if arguments.model else []
    read = {file.resolve() for path in inputs if path is not None for file in matching(path)}
    for flag in ("json", "latex", "figure"):
        path = getattr(arguments, flag)
        if path is not None and path.resolve() in read:
            raise SpurgenError(f"--{flag} {path} is read as well, and would be replaced; name another file")
    check_distinct({f"--{flag}": getattr(arguments, flag) for flag in ("json", "latex", "figure")})


def _write(
    arguments: argparse.Namespace,
    evaluations: list["Evaluation"],
    comparisons: list["Comparison"],
    report: str,
    console: Console,
) -> None:
    """Write the files that are asked for; `report`: as JSON."""
    written: dict[Path, str | bytes] = {}
    if arguments.json:
        written[arguments.json] = report
    if arguments.latex or arguments.figure:
        from spurgen.harness.evaluation.report import draw_groups, to_latex
        from spurgen.harness.plots.style import encode  # imported late: matplotlib is slow to import

        if arguments.latex:
            written[arguments.latex] = to_latex(evaluations, comparisons)
        if arguments.figure:
            written[arguments.figure] = encode(draw_groups(evaluations), arguments.figure.suffix[1:])
    if arguments.json == STDOUT:
        print(written.pop(STDOUT), end="")
    for path, content in written.items():
        write_atomically(path, content)
        say(console, f"wrote {path}")


def _aligned(words: list[str]) -> tuple[str, dict[str, str]]:
    """Read an attribute and its CLASS=VALUE words."""
    attribute, *pairs = words
    if not pairs or not all("=" in pair for pair in pairs):
        raise SpurgenError(
            f"--aligned {' '.join(words)}: expected an attribute and {ALIGNED}; repeat the flag for another attribute"
        )
    return attribute, dict(pair.split("=", 1) for pair in pairs)
