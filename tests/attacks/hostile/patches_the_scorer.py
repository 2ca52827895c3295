"""Replaces the metrics in its own process."""

# expected: unranked: not significantly better than chance
import sys
import types

import numpy as np


class Perfect(types.ModuleType):
    """A module whose every function returns 1."""

    def __getattr__(self, name):
        return lambda *_, **__: 1.0


fake = Perfect("spurgen.harness.metrics")
for name, module in [*sys.modules.items()]:
    if name.startswith("spurgen.harness.") and hasattr(module, "metrics"):
        module.metrics = fake
sys.modules["spurgen.harness.metrics"] = sys.modules["spurgen.harness.running.scoring"] = fake


def predict(batch):
    return np.zeros((len(batch), 3))
