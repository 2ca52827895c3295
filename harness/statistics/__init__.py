"""What results allow to conclude: tests over units, tiers, ranks, the bootstrap. Functions of arrays only."""
