"""Code that all methods share: data in memory, networks, samplers and the training loop."""
