"""What commands ask of their flags, checked before any work."""

import argparse
from collections.abc import Sequence

from spurgen.harness.benchmarking import CANONICAL


def positive_int(text: str) -> int:
    """Reads an integer of 1 or more, for argparse."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {number}")
    return number


def add_suite(parser: argparse.ArgumentParser) -> None:
    """Declares the flag that names a suite."""
    parser.add_argument(
        "--suite", default=CANONICAL, help=f"a suite's name, or the path of its .toml file; default: {CANONICAL}"
    )


class Unique(argparse.Action):
    """Keeps the first of equal values of a flag that takes several."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        """Stores the values in the order given."""
        del parser, option_string
        setattr(namespace, self.dest, list(dict.fromkeys(values or ())))
