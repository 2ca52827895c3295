"""System calls: namespaces and mounts, and memory of the kernel that no limit counts."""

import ctypes
import errno
import fcntl
import os
import platform
import socket
import threading
from contextlib import suppress

from loot import guess


def predict(batch):
    return guess(batch, steal())


# %% escapes_by_the_kernel
# Asks the kernel for namespaces, mounts, access to other processes, and programs inside the kernel.
# expected: unranked: not significantly better than chance
CALLS = {  # numbers on x86-64, and on arm64
    "unshare": (272, 97), "mount": (165, 40), "ptrace": (101, 117), "bpf": (321, 280), "setns": (308, 268),
    "io_uring_setup": (425, 425), "chroot": (161, 51), "memfd_create": (319, 279), "userfaultfd": (323, 282),
    "io_setup": (206, 0),
}  # fmt: skip


def steal():
    kernel = ctypes.CDLL(None, use_errno=True)
    machine = platform.machine() != "x86_64"
    found = []
    for name, numbers in CALLS.items():
        kernel.syscall(numbers[machine], 0, 0, 0, 0, 0)
        if ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):  # another error: the call got through
            found.append(name)
    return found


# %% fills_socket_pairs
# Fills the buffers of socket pairs and pipes, which are the kernel's memory: at most 64 MiB must fit.
# expected: unranked: not significantly better than chance
def fill(write):
    """Write into a buffer until it is full; return how much fits."""
    held = 0
    with suppress(OSError):
        while True:
            held += write(bytes(1 << 16))
    return held


def steal():
    """Return how much the kernel keeps in all the buffers that can be made, if too much."""
    held, kept = 0, []
    with suppress(OSError):
        while True:
            pair = socket.socketpair()
            kept.append(pair)
            for end in pair:
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
                end.setblocking(False)
                held += fill(end.send)
    for pair in kept:
        for end in pair:
            end.close()
    with suppress(OSError):
        while True:
            reading, writing = os.pipe()
            kept.append((reading, writing))
            with suppress(OSError):
                fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1 << 20)
            os.set_blocking(writing, False)
            held += fill(lambda data, end=writing: os.write(end, data))
    for ends in kept:
        for end in ends:
            if isinstance(end, int):
                os.close(end)
    return f"{held >> 20} MiB" if held >> 20 > 64 else None


# %% fills_the_kernel_with_filters
# Loads filters of system calls in many threads, which are the kernel's memory: not one may be loaded.
# expected: unranked: not significantly better than chance
SET_FILTER = 22, 2  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
CALL = 317 if platform.machine() == "x86_64" else 277  # seccomp, whose operation 1 loads a filter
THREADS, INSTRUCTIONS = 200, 4096
ALLOW = (0x06).to_bytes(4, "little") + (0x7FFF0000).to_bytes(4, "little")


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def steal():
    """Return how much the kernel holds of filters, if any."""
    kernel = ctypes.CDLL(None, use_errno=True)
    filters = ctypes.byref(Program(INSTRUCTIONS, ALLOW * INSTRUCTIONS))
    high = ctypes.c_long(SET_FILTER[0] | 1 << 32)  # the kernel ignores the upper half of the number
    ways = (
        lambda: kernel.prctl(*SET_FILTER, filters),
        lambda: kernel.syscall(157 if CALL == 317 else 167, high, SET_FILTER[1], filters),
        lambda: kernel.syscall(CALL, 1, 0, filters),
    )
    loaded, done = [], threading.Event()

    def load():
        for way in ways:
            while way() == 0:
                loaded.append(len(ALLOW) * INSTRUCTIONS)
        done.wait()

    threading.stack_size(1 << 18)
    threads = [threading.Thread(target=load) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    done.set()
    for thread in threads:
        thread.join()
    return f"{sum(loaded) >> 20} MiB of filters" if loaded else None


# %% fills_the_kernel_with_rulesets
# Makes rulesets of Landlock, whose rules are the kernel's memory: not one may be made.
# expected: unranked: not significantly better than chance
CREATE, ADD, RESTRICT = 444, 445, 446  # the same numbers on x86-64 and arm64
EVERYTHING = (1).to_bytes(8, "little")  # access to files: LANDLOCK_ACCESS_FS_EXECUTE


def steal():
    """Return the calls that got through, and how many rules the kernel took."""
    kernel = ctypes.CDLL(None, use_errno=True)
    found, rules = [], 0
    ruleset = kernel.syscall(CREATE, EVERYTHING, ctypes.c_size_t(len(EVERYTHING)), 0)
    for name, number in (("landlock_create_ruleset", CREATE), ("add_rule", ADD), ("restrict_self", RESTRICT)):
        kernel.syscall(number, ctypes.c_long(-1), 0, 0, 0)
        if ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):  # another error: the call got through
            found.append(name)
    for root, folders, _ in os.walk("/usr/lib") if ruleset >= 0 else ():
        for folder in folders:
            place = os.open(f"{root}/{folder}", os.O_PATH)
            rule = EVERYTHING + place.to_bytes(4, "little")
            rules += kernel.syscall(ADD, ruleset, 1, rule, 0) == 0
            os.close(place)
    return [*found, f"{rules} rules"] if found or rules else []
