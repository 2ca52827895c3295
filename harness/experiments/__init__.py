"""`spurgen run` and `tools/sweep.py`: compare or tune methods on any scenario, with a report and plots.

This module holds the default data and methods of `spurgen run`: it must be quick to import.
"""

from pathlib import Path

DATA = Path("data")
METHODS = ("erm", "irm", "group_dro", "adversarial", "contrastive")
