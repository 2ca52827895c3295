"""Searches the environment variables for secrets."""

# expected: unranked: not significantly better than chance
import os

from loot import guess

HARMLESS = {"HOME", "USER", "PATH", "PWD", "LANG", "LC_CTYPE", "TZ", "PYTHONPATH", "LD_LIBRARY_PATH"}


def steal():
    names = (name for name in os.environ if not name.endswith("_NUM_THREADS") and not name.startswith("MALLOC_"))
    return [name for name in names if name not in HARMLESS]


def predict(batch):
    return guess(batch, steal())
