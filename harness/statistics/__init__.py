"""What may be concluded from rows: the bootstrap, ranks, differences from ERM, tiers."""

from spurgen.harness.statistics.differences import Difference, holm, paired_difference
from spurgen.harness.statistics.separation import Tiers, tiers

__all__ = ["Difference", "Tiers", "holm", "paired_difference", "tiers"]
