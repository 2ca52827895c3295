"""Verifying a suite: making every sample again and comparing it with the manifest."""

import hashlib
import os
import platform
from importlib.metadata import version
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np

from spurgen.benchmark.suite import Suite
from spurgen.harness.machine.files import cache_folder, write_atomically
from spurgen.harness.results.sources import HOME, read
from spurgen.harness.splits.freeze import Progress, hash_suite
from spurgen.harness.splits.frozen import CURE, check_description, compare


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


def stamped(suite: Suite) -> bool:
    """Return whether a verification of every scenario passed before with this code, manifest, machine and libraries."""
    return all(map(os.path.isfile, _stamps(suite)))  # where the cache cannot be read, there is none


def stamp(suite: Suite) -> None:
    """Record in the user's cache that a verification of a suite's scenarios passed."""
    for file in _stamps(suite):
        write_atomically(file, "")


def _stamps(suite: Suite) -> list[Path]:
    """Return a file per scenario, whose name is the digest of everything that its verification depends on."""
    code = [_code_digest(HOME / folder) for folder in ("benchmark", "generators", "harness/splits")]
    machine = [platform.machine(), platform.python_version(), np.__version__, version("numba")]
    files = []
    for name, scenario in suite.scenarios.items():
        frozen = suite.manifest.scenarios.get(name)
        key = "/".join([suite.name, name, frozen.digest if frozen else "", scenario.digest, *code, *machine])
        files.append(cache_folder() / "verified" / hashlib.sha256(key.encode()).hexdigest())
    return files


def _code_digest(folder: Path) -> str:
    files = sorted(folder.rglob("*.py"))
    return hashlib.sha256(b"".join(hashlib.sha256(read(path)).digest() for path in files)).hexdigest()
