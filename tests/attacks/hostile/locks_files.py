"""Locks parts of a file that every sandbox sees, by which a second process could learn the first one's answers."""

# expected: unranked: not significantly better than chance
import fcntl
import sys

from loot import guess


def lock():
    """Return the kinds of lock that work."""
    found = []
    with open(sys.executable, "rb") as file:
        for name, function in {"flock": fcntl.flock, "lockf": fcntl.lockf}.items():
            try:
                function(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                found.append(name)
            except OSError:
                pass
    return found


def predict(batch):
    return guess(batch, lock())
