"""The metrics of the benchmark, for any arrays of yours: `from spurgen import metrics`.

Every function is a pure function of NumPy arrays; docs/metrics.md has the formulas.
"""

from spurgen.harness.metrics import *  # noqa: F403 (its __all__ is the public list)
from spurgen.harness.metrics import __all__ as __all__
