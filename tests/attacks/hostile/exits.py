"""Exits at once, with the exit code of success."""

# expected: failed: its process ended with exit code 0
import os


def predict(batch):
    os._exit(0)
