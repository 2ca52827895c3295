"""Identity of a result: a digest of the data, the submission, and the versions of SpurGen's own code.

Data are identified by their manifest, a user's submission by the bytes of its files, pretrained weights by their
digest, and SpurGen's own code by version numbers that are raised when metrics change. `tests/golden` fails when a
version must be raised. Renaming, moving or reformatting code therefore makes no result stale.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any

from spurgen.baselines.training.encoders import backbone_digest
from spurgen.baselines.training.version import TRAINING_VERSION, method_version
from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.result import Result
from spurgen.benchmark.specs import BASELINES, is_baseline, split_spec
from spurgen.benchmark.task import Task
from spurgen.harness.results.sources import imported_of_ours, sha256_of, submission_files

SCORING_VERSION = 1
"""Raise it when the same predictions give other values of a metric, or when submissions get other data or queries.

A metric that is added makes no result stale: older results lack it.
"""


def job_identity(
    task: Task, submission: str, *, data: str, seed: int, options: Mapping[str, Any], uncorrelated: bool = False,
    matched: bool = False, draw: int = 0,
) -> str:  # fmt: skip
    """Return the SHA-256 of everything that a job's metrics depend on, except the device and library versions.

    Those are recorded in the result's provenance: they change the last digits of sums, and affect training as much as
    another seed does. `submission`: from `submission_digest`. `data`: the digest of the frozen data or the scenario.
    `matched` and `draw` are named only where they are not the default, so that every other job keeps its identity.
    """
    return _sha256(
        {
            "suite": task.scenario.suite, "task": task.name, "modality": task.modality, "backbone": task.backbone,
            "weights": backbone_digest(task.backbone), "seed": seed, "uncorrelated": uncorrelated,
            "options": dict(options), "submission": submission, "data": data,
            "scoring": SCORING_VERSION,
            **({"matched": True} if matched else {}), **({"draw": draw} if draw else {}),
        }
    )  # fmt: skip


def submission_digest(spec: str) -> str:
    """Return the SHA-256 that identifies a submission: of a baseline's versions, or of the bytes of other files.

    A submission that imports our training code also depends on `TRAINING_VERSION` and the versions of the methods that
    it imports. Raise `SubmissionError` if a file cannot be read or is not Python.
    """
    if is_baseline(spec):
        name = split_spec(spec)[0].removeprefix(f"{BASELINES}.")
        return _baseline_digest(name, method_version(name), TRAINING_VERSION)
    files = submission_files(spec)
    digests = {name: sha256_of(path) for name, path in files.items()}
    parts: dict[str, Any] = {"files": digests, "attribute": split_spec(spec)[1]}
    ours = {name for name in imported_of_ours(files) if f"{name}.".startswith(f"{BASELINES}.")}
    if ours:
        methods = sorted({name.split(".")[2] for name in ours if name.count(".") >= 2} & set(names_in(BASELINES)))
        parts |= {"training": TRAINING_VERSION, "methods": {name: method_version(name) for name in methods}}
    return _sha256(parts)


def is_current_baseline(result: Result) -> bool:
    """Return whether a result is that of one of our methods, in its current version and with its own settings.

    What a row claims about itself does not count: its digest must be that of the method that it names.
    """
    return not result.options and result.submission_sha256 in _digests_of_ours(result.spec)[-1:]


def is_of_our_code(result: Result) -> bool:
    """Return whether a result is that of one of our methods, in any version and with any settings: by its digest."""
    return result.submission_sha256 in _digests_of_ours(result.spec)


@cache
def _digests_of_ours(spec: str) -> tuple[str, ...]:
    """Return the digests of all versions of one of our methods, the current one last; none of other submissions."""
    name = split_spec(spec)[0].removeprefix(f"{BASELINES}.")
    if not is_baseline(spec) or name not in names_in(BASELINES):
        return ()
    so_far = product(range(1, method_version(name) + 1), range(1, TRAINING_VERSION + 1))
    return tuple(_baseline_digest(name, *versions) for versions in so_far)


def _baseline_digest(name: str, version: int, training: int) -> str:
    return _sha256({"baseline": name, "version": version, "training": training})


def _sha256(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
