"""Forgetting which pages of files are in memory: by them a process can leave a message for the next one."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def forget(places: Iterable[Path]) -> None:
    """Drop from memory what no process has mapped of all files in these folders, and of these files.

    A process that touches a page which is not in memory brings it there, and a later one can tell by how its own page
    faults are counted. Only what can be read, is a plain file and was written to the disk is dropped.
    """
    for place in places:
        folders = os.walk(place) if place.is_dir() else [(str(place.parent), [], [place.name])]
        for folder, _, names in folders:
            for name in names:
                with suppress(OSError):
                    _forget(f"{folder}/{name}")


def _forget(path: str) -> None:
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)
