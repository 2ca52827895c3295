"""Kinds of worlds, a file each: what a scenario file of that kind has."""
