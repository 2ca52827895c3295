"""Verifying a suite: making every sample again and comparing it with the manifest."""

import hashlib
import json
from importlib.metadata import version
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from spurgen.benchmark.errors import ReadError
from spurgen.benchmark.reading import read_json
from spurgen.benchmark.suite import Suite
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.results.sources import HOME, read
from spurgen.harness.splits.freeze import Progress, hash_suite
from spurgen.harness.splits.frozen import CURE, check_description, compare
from spurgen.harness.splits.store import check_part, stored_parts

STAMP = "verified.json"


def verify(suite: Suite, progress: Progress = lambda _: None, jobs: int | None = None) -> str | None:
    """Make every sample again and return the first difference from the manifest, or None.

    Raises `FrozenDataError` if a scenario file was edited or the manifest cannot be read.
    """
    frozen = {name: check_description(suite, name) for name in suite.scenarios}
    halves = {name: record.halves for name, record in frozen.items()}
    for (name, part), shards in groupby(hash_suite(suite, halves, progress, jobs), key=itemgetter(0, 1)):
        for number, (*_, digests) in enumerate(shards):
            wrong = compare(f"scenario {name}, {part}", frozen[name].parts[part], number, digests)
            if wrong:
                return f"{wrong}; {CURE}"
    return None


def verify_store(suite: Suite, root: Path) -> tuple[int, list[str]]:
    """Return the number of parts on disk, and what is wrong with them."""
    stored = list(stored_parts(root, suite))
    problems = (check_part(suite, root, name, part) for name, part in stored)
    return len(stored), [problem for problem in problems if problem]


def _states(suite: Suite) -> dict[str, dict[str, str]]:
    """Return everything that the verification of each scenario depends on."""
    code = {"generators": _code_digest(HOME / "generators"), "numpy": np.__version__, "numba": version("numba")}
    frozen = suite.manifest.scenarios
    return {
        name: {"manifest": frozen[name].digest if name in frozen else "", "scenario": scenario.digest, **code}
        for name, scenario in suite.scenarios.items()
    }


def _code_digest(folder: Path) -> str:
    files = sorted(folder.rglob("*.py"))
    return hashlib.sha256(b"".join(hashlib.sha256(read(path)).digest() for path in files)).hexdigest()


def stamped(suite: Suite, root: Path) -> bool:
    """Return whether a verification of every scenario passed before with this code, manifest and these libraries."""
    return _states(suite).items() <= _read_stamp(suite, root).items()


def stamp(suite: Suite, root: Path) -> None:
    """Record that a verification of a suite's scenarios passed; records of others stay."""
    verified = _read_stamp(suite, root) | _states(suite)
    write_atomically(root / suite.name / STAMP, json.dumps(verified, indent=1) + "\n")


def _read_stamp(suite: Suite, root: Path) -> dict[str, Any]:
    try:
        verified = read_json(root / suite.name / STAMP)
    except ReadError:
        return {}
    return verified if isinstance(verified, dict) else {}
