"""`spurgen run` and `spurgen sweep`: compare or tune methods on any scenario, with a report and plots.

Here stands what `spurgen run` trains on, and by which methods, where no flag says: it must be quick to import.
"""

from pathlib import Path

DATA = Path("data")
METHODS = ("erm", "irm", "group_dro", "adversarial", "contrastive")
