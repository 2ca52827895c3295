"""Learns from the questions what the channels are: captions that end alike differ in the channels' words."""

# expected: failed: answers the same inputs differently when asked again in other batches by a fresh process, trained
from families import fit, scores  # noqa: F401  # found by its name

predict = scores
