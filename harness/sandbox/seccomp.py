"""The system calls that a sandboxed submission may not make, as a filter that bubblewrap loads.

A submission may start threads but no processes: `clone` needs CLONE_THREAD, and `clone3`, whose flags a filter
cannot see, is reported missing, so that glibc falls back to `clone`. Calls that get around the limits on memory or
disk, as further filters and Landlock's rulesets do, that two sandboxes could signal each other by, and rarely used ones
that widen the kernel's attack surface are refused as well. bubblewrap loads the filter last, by `prctl`.
"""

import errno
import tempfile
from functools import cache

CLONE_THREAD = 0x10000
LOW_HALF = 0xFFFFFFFF  # the kernel ignores the other half of an `int`, which a filter sees
UNKNOWN = -1  # what libseccomp returns for a call that it, or this architecture, does not have
REFUSED = (
    "fork", "vfork", "socket", "setsockopt",
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp",
    "memfd_create", "memfd_secret", "shmget", "msgget", "semget", "mq_open",
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "io_setup",
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "fsopen", "fsmount", "open_tree", "move_mount",
    "keyctl", "add_key", "request_key", "open_by_handle_at", "personality",
    "mincore", "cachestat", "fadvise64", "preadv2",  # show what another process has read
    "fanotify_init", "inotify_init", "inotify_init1", "inotify_add_watch",
    "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
)  # fmt: skip
SET_SECCOMP = 22  # PR_SET_SECCOMP of `prctl`
MISSING = ("clone3", "flock")  # with EPERM, glibc would fail, and a library would wait for a lock for ever
FILE_COMMANDS = {
    "F_SETLK": 6, "F_SETLKW": 7, "F_OFD_SETLK": 37, "F_OFD_SETLKW": 38, "F_SETLEASE": 1024, "F_NOTIFY": 1026,
    "F_SETPIPE_SZ": 1031, "F_GET_RW_HINT": 1035, "F_SET_RW_HINT": 1036, "F_GET_FILE_RW_HINT": 1037,
    "F_SET_FILE_RW_HINT": 1038,
}  # fmt: skip
"""Forbidden operations of `fcntl`: lock or watch a file, enlarge a pipe, leave a hint that a later process can read.

Numbers of Linux, which other systems lack.
"""


@cache
def program() -> bytes:
    """Compile the filter for this machine; raise `OSError` or `ImportError` where libseccomp is missing."""
    try:
        import pyseccomp
    except RuntimeError:  # pyseccomp raises it when there is no shared library
        raise OSError("there is no libseccomp") from None
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name in REFUSED:
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) != UNKNOWN:
            rules.add_rule(refuse, name)
    rules.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_THREAD, 0))
    rules.add_rule(refuse, "prctl", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, LOW_HALF, SET_SECCOMP))
    for command in FILE_COMMANDS.values():
        rules.add_rule(refuse, "fcntl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, LOW_HALF, command))
    for name in MISSING:
        rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), name)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
