"""How many cores this process may use: not how many the machine has."""

import math
import os
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Counts the cores that this process may compute on, 1 or more, by its affinity and its cgroups' quotas.

    A batch system or a container grants a part of a machine in either way; processes beyond it take turns.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.floor(min(affinity, quota(GROUPS, OWN))))


def quota(groups: Path, own: Path) -> float:
    """Returns the tightest CPU quota, in cores, of a cgroup (v2) and those above it; infinite where there is none.

    `groups` is where cgroups are mounted, `own` the file that names the process's own: see cgroups(7).
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return math.inf
    inside = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    path = groups / inside
    return min(map(_limit, (path, *path.parents[: len(Path(inside).parts)])))


def _limit(group: Path) -> float:
    """Reads `cpu.max`: microseconds of computing, or `max`, in every period of so many microseconds."""
    try:
        granted, period = (group / "cpu.max").read_text().split()
        return math.inf if granted == "max" else int(granted) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # no quota in this group, or none that we can read
        return math.inf
