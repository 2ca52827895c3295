"""Groups over some of a scenario's channels, such as those that a modality carries."""

from collections.abc import Collection

import numpy as np

from spurgen.benchmark.scenario import Scenario
from spurgen.generators.streams import Int64


def groups_over(scenario: Scenario, channels: Collection[str], group_ids: Int64) -> Int64:
    """Reduce group ids over all channels of a scenario to those over `channels`, in the scenario's order.

    `group_ids`: `label * 2**C + pattern`, int64 (n,), as samples have them. Returns
    `label * 2**len(channels) + pattern`, int64 (n,).
    """
    labels, pattern = np.divmod(group_ids, scenario.num_patterns)
    kept = [k for k, name in enumerate(scenario.channels) if name in channels]
    reduced = sum(((pattern >> k & 1) << place for place, k in enumerate(kept)), np.zeros_like(pattern))
    groups: Int64 = labels * 2 ** len(kept) + reduced
    return groups
