"""Leaves at once, with a code that says all went well."""

# expected: failed: its process ended with exit code 0
import os


def predict(batch):
    os._exit(0)
