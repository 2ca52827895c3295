"""Evaluating a submission that needs no training on a user's data."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.options.flags import add_device, positive_int

if TYPE_CHECKING:
    from spurgen.harness.evaluation.predictions import Predictions
    from spurgen.harness.evaluation.tables import Columns

IMAGE_SIZE = 224


def add_model(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of a submission and of the data that it answers."""
    group = parser.add_argument_group("a submission on your data, with --metadata (without fit: it is not trained)")
    group.add_argument("--model", metavar="SUBMISSION", help="path/to/file.py, package.module, or one with :attribute")
    group.add_argument("--images", type=Path, metavar="FOLDER", help="folder of the images that --key names")
    group.add_argument("--texts", metavar="COLUMN", help="column of texts, if the model reads no images")
    group.add_argument(
        "--image-size", type=positive_int, metavar="N", help=f"pixels to scale images to; default: {IMAGE_SIZE}"
    )
    add_device(group)


def run_model(
    arguments: argparse.Namespace, asked: "Columns", aligned: Mapping[str, Mapping[str, str]], console: Console
) -> "Predictions":
    """Return the submission's answers to the samples of --metadata."""
    from spurgen.harness.evaluation.model import answer, image_batches, text_batches
    from spurgen.harness.evaluation.reading import read_samples
    from spurgen.harness.machine.printing import say
    from spurgen.harness.machine.provenance import pick_device
    from spurgen.harness.options.limits import describe_isolation
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
