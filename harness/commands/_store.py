"""Opening the rows that a command reads."""

import argparse

from rich.console import Console

from spurgen.benchmark.suite import Suite
from spurgen.harness.results.store import Store


def open_store(suite: Suite, arguments: argparse.Namespace, console: Console) -> Store:
    """Return a suite's rows; print which of a user's own are used instead of rows that come with spurgen."""
    store = Store(arguments.results, suite.name)
    labels = store.overriding()
    if labels:
        line = f"{store.folder}: used instead of the rows of that name that come with spurgen: {', '.join(labels)}"
        console.print(line, markup=False, soft_wrap=True)
    return store
