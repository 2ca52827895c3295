"""What `spurgen run` trains on, and by which methods, where no flag says; apart, since it must be quick to import."""

from pathlib import Path

DATA = Path("data")
METHODS = ("erm", "irm", "group_dro", "adversarial", "contrastive")
