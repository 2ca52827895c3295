"""Asks the kernel for namespaces, mounts, other processes and programs in it."""

# expected: unranked: not significantly better than chance
import ctypes

import numpy as np

CALLS = {"unshare": 272, "mount": 165, "ptrace": 101, "bpf": 321, "setns": 308, "io_uring_setup": 425, "chroot": 161}


def steal():
    kernel = ctypes.CDLL(None)
    return [name for name, number in CALLS.items() if kernel.syscall(number, 0x10000000, 0, 0, 0, 0) != -1]


def predict(batch):
    if found := steal():
        raise RuntimeError(f"got at {found}")
    return np.zeros((len(batch), 3))
