"""What results allow to conclude: the bootstrap, ranks, differences, tiers. Functions of arrays only."""

from spurgen.harness.statistics.differences import Difference, holm, paired_difference
from spurgen.harness.statistics.separation import Tiers, tiers

__all__ = ["Difference", "Tiers", "holm", "paired_difference", "tiers"]
