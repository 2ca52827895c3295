"""Clearing cached pages and names of files, through which a process could leave a message for the next one."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

DROP = Path("/proc/sys/vm/drop_caches")


def forget(places: Iterable[Path]) -> None:
    """Drop the pages of these files, and of all files in these folders, that no process has mapped.

    A process that touches a page which is not in memory brings it there, and a later one can tell by how its own page
    faults are counted. Only readable plain files that were written to the disk are dropped. A link is not followed.
    """
    for place in places:
        walked = os.fwalk(place) if place.is_dir() else [("", [], [str(place)], None)]
        for _, _, names, folder in walked:
            for name in names:
                _forget(name, folder)


def forget_names() -> None:
    """Drop the cached names of file look-ups, found or not; this works only as root.

    A name that was looked up is found, or found missing, several times as fast the next time.
    """
    with suppress(OSError):
        DROP.write_text("2\n")


def _forget(path: str, folder: int | None) -> None:
    with suppress(OSError):
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        try:
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(file)
