"""Time, memory, disk, files, threads and processes without end."""

import os
import threading
import time
from pathlib import Path

import numpy as np


# %% burns_time
# Computes forever in many threads.
# expected: failed: it used more than \d+ s of CPU time
def burn():
    while True:
        sum(range(1000))


def predict(batch):
    for _ in range(4):
        threading.Thread(target=burn).start()
    burn()


# %% fills_memory
# Allocates memory without end.
# expected: failed: MemoryError.*see --memory-gib
kept = []


def predict(batch):
    while True:
        kept.append(bytearray(1 << 28))


# %% fills_the_disk
# Writes files until the disk is full.
# expected: failed: No space left on device.*see --disk-gib
def predict(batch):
    number = 0
    while True:
        number += 1
        with open(f"/tmp/{number}", "wb") as file:
            file.write(bytes(1 << 24))


# %% forks
# Forks until the machine is full.
# expected: failed: PermissionError.*starts no other process
def predict(batch):
    while True:
        os.fork()


# %% makes_many_files
# Makes empty files, whose memory in the kernel no limit on their size counts.
# expected: failed: it made [0-9]+ files, more than 50000, and was ended
def predict(batch):
    for number in range(200_000):
        Path(f"/tmp/{number}").touch()
    time.sleep(2)
    return np.zeros((len(batch), 3))


# %% starts_threads
# Starts thousands of threads with small stacks, which resource limits do not count for root.
# expected: failed: it ran [0-9]+ threads, more than 512, and was ended
threading.stack_size(1 << 16)


def predict(batch):
    try:
        for _ in range(3000):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    except RuntimeError:
        raise RuntimeError(f"only {threading.active_count()} threads") from None
    time.sleep(2)
    return np.zeros((len(batch), 3))
