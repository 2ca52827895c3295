"""What every method shares: data in memory, networks, samplers and the one training loop."""
