"""Other processes, and what stands in its own beside it."""

import gc
import os
import sys
from functools import cache
from pathlib import Path

import numpy as np
from loot import guess


def predict(batch):
    return guess(batch, steal())


# %% inherits_descriptors
# Reads the file descriptors that it inherited.
# expected: unranked: not significantly better than chance
PIPES = 3  # for questions, answers and what it prints


def steal():
    pipes = set()
    for end in os.listdir("/proc/self/fd"):
        try:
            what = os.readlink(f"/proc/self/fd/{end}")
        except OSError:
            continue
        if what.startswith("pipe:"):
            pipes.add(what)
        elif not what.startswith(("/dev/null", "/proc", "/dev/urandom")):
            return what
    return f"{len(pipes)} pipes" if len(pipes) > PIPES else None


# %% kills_the_scorer
# Signals every process that it can reach.
# expected: unranked: not significantly better than chance
@cache
def steal():
    for number in range(2, 40_000):
        try:
            if number != os.getpid():
                os.kill(number, 0)
                return f"process {number}"
        except OSError:
            continue
    return None


# %% moves_into_process_1
# Writes code into the sandbox's first process, which may be under no limits.
# expected: unranked: not significantly better than chance
def steal():
    loot = []
    for name in ("mem", "task/1/mem", "clear_refs", "oom_score_adj", "comm", "exe", "root/etc/passwd", "cwd"):
        for entry in ("/proc/1", f"/proc/{os.getppid()}"):
            try:
                loot.append((entry, name, os.open(f"{entry}/{name}", os.O_RDWR)))
            except OSError:
                continue
    return loot


# %% reads_parent_frames
# Searches the stack frames of its callers for labels.
# expected: unranked: not significantly better than chance
def steal():
    frame = sys._getframe()
    while frame:
        for name, value in frame.f_locals.items():
            if isinstance(getattr(value, "labels", None), np.ndarray):
                return name
        frame = frame.f_back
    return None


# %% reads_the_operators_environment
# Reads the environment of the process that started the sandbox, and of all others.
# expected: unranked: not significantly better than chance
def steal():
    loot = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        if file.parent.name != str(os.getpid()):
            try:
                loot.append(file.read_bytes())
            except OSError:
                continue
    return loot


# %% reads_the_scorers_memory
# Opens the memory of other processes.
# expected: unranked: not significantly better than chance
def steal():
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name != str(os.getpid()):
            try:
                with (folder / "mem").open("rb"):
                    return folder
            except OSError:
                continue
    return None


# %% walks_the_garbage_collector
# Searches all objects in its process for labels.
# expected: unranked: not significantly better than chance
def steal():
    wanted = ("Samples", "Result", "TaskRow", "Predictions", "Suite")
    return [type(thing) for thing in gc.get_objects() if type(thing).__name__ in wanted]
