"""What may be concluded from rows: the bootstrap, ranks, differences from ERM, tiers."""

from spurgen.harness.statistics.against import Against, against_erm
from spurgen.harness.statistics.differences import Difference, holm, paired_difference
from spurgen.harness.statistics.separation import Tiers, tiers

__all__ = ["Against", "Difference", "Tiers", "against_erm", "holm", "paired_difference", "tiers"]
