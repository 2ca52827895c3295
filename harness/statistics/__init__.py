"""What results allow to conclude: tests over units, tiers, ranks, the bootstrap. Functions of arrays only."""

from spurgen.harness.statistics.differences import ALPHA, Difference, holm, paired_difference, seed_p_value

__all__ = ["ALPHA", "Difference", "holm", "paired_difference", "seed_p_value"]
