"""Registers a function that runs at exit, then exits."""

# expected: failed: did not answer|SystemExit
import atexit
import os
import sys


@atexit.register
def last_word():
    for end in range(3, 20):
        try:
            os.write(end, b"\x00" * 64)
        except OSError:
            continue


def predict(batch):
    sys.exit(0)
