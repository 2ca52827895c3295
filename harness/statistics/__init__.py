"""What may be concluded from rows: the bootstrap, ranks, differences from ERM, tiers, and these in words."""

from spurgen.harness.statistics.against import Against, against_erm
from spurgen.harness.statistics.differences import Difference, holm, paired_difference
from spurgen.harness.statistics.sentences import describe
from spurgen.harness.statistics.separation import Tiers, tiers

__all__ = ["Against", "Difference", "Tiers", "against_erm", "describe", "holm", "paired_difference", "tiers"]
