"""Replaces the metrics in its own process."""

# expected: unranked: not significantly better than chance
import sys
import types

import numpy as np

fake = types.ModuleType("spurgen.harness.metrics")
fake.worst_group_accuracy = fake.accuracies = lambda *_: 1.0
sys.modules["spurgen.harness.metrics"] = sys.modules["spurgen.harness.running.scoring"] = fake


def predict(batch):
    return np.zeros((len(batch), 3))
