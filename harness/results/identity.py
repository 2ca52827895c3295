"""What a result depends on: the frozen data, the submission, and the versions of our own code.

Data are identified by their manifest, a stranger's submission by the bytes of its files, pretrained weights by their
digest, and our own code by whole numbers that are raised when metrics change. `tests/golden` fails when a number must
be raised. So a rename, a moved import or another format makes no result stale.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from spurgen.baselines.training.version import TRAINING_VERSION, method_version
from spurgen.baselines.training.weights import backbone_digest
from spurgen.benchmark.specs import BASELINES, is_baseline, split_spec
from spurgen.benchmark.suite import Task
from spurgen.harness.results.sources import read, submission_files

SCORING_VERSION = 1
"""Raised when the same answers give other metrics, or a submission is given or asked something else."""


def job_identity(
    task: Task, submission: str, *, data: str, seed: int, options: Mapping[str, Any], uncorrelated: bool = False
) -> str:
    """Return the SHA-256 of all that a job's metrics depend on, except the device and the libraries' versions.

    Those two stand in the result's provenance: they move the last digits of a sum, and a training as far as another
    seed would. `submission` is `submission_digest`, `data` the digest of the frozen data or of the scenario.
    """
    return _sha256(
        {
            "suite": task.scenario.suite, "task": task.name, "modality": task.modality, "backbone": task.backbone,
            "weights": backbone_digest(task.backbone), "seed": seed, "uncorrelated": uncorrelated,
            "options": dict(options), "submission": submission, "data": data, "scoring": SCORING_VERSION,
        }
    )  # fmt: skip


def submission_digest(spec: str) -> str:
    """Return the SHA-256 that identifies a submission: a baseline by its versions, any other by its files' bytes.

    A stranger's submission that trains with our code also depends on `TRAINING_VERSION`. Raise `SubmissionError` if
    a file cannot be read, or is not Python.
    """
    if is_baseline(spec):
        name = split_spec(spec)[0].removeprefix(f"{BASELINES}.")
        return _sha256({"baseline": name, "version": method_version(name), "training": TRAINING_VERSION})
    files = {name: hashlib.sha256(read(path)).hexdigest() for name, path in submission_files(spec).items()}
    return _sha256({"files": files, "training": TRAINING_VERSION})


def _sha256(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
