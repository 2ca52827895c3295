"""What results allow to conclude: the bootstrap, ranks, differences, tiers. Functions of arrays only."""

from spurgen.harness.statistics.differences import ALPHA, Difference, holm, paired_difference, seed_p_value
from spurgen.harness.statistics.separation import Tiers, tiers

__all__ = ["ALPHA", "Difference", "Tiers", "holm", "paired_difference", "seed_p_value", "tiers"]
