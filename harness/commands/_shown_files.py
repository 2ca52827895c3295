"""Refuse submissions whose files, which the sandbox shows to them, include a secret or results."""

from collections.abc import Iterable
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.specs import is_baseline
from spurgen.benchmark.suite import Suite
from spurgen.harness.results.sources import submission_files
from spurgen.harness.splits.private import holds_open_secret


def check_shown_files(specs: Iterable[str], suite: Suite, results: Path) -> None:
    """Raise `SpurgenError` for a file that holds the secret of the open commitment, or lies in the suite's results.

    A secret is recognised by what the file holds, under whatever name. A submission can print it into its public row.
    """
    rows = (results / suite.name).resolve()
    for spec in specs:
        for path in [] if is_baseline(spec) else submission_files(spec).values():
            what = "the results" if path.resolve().is_relative_to(rows) else ""
            if holds_open_secret(suite, path):
                what = f"the secret of suite {suite.name}'s private splits"
            if what:
                raise SpurgenError(
                    f"{spec}: its files include {path}, and {what} must not be shown to a submission; move it out of "
                    "the submission's folder, or leave it out of FILES and imports"
                )
