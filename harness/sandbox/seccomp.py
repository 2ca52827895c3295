"""The system calls that a confined submission may not make, as a filter that bubblewrap loads.

Threads may be started, processes not: `clone` must come with CLONE_THREAD, and glibc falls back to it when
`clone3`, whose flags a filter cannot see, is not there. What takes memory or disk past the limits is refused as
well, and what mostly widens the kernel's surface.
"""

import errno
import tempfile
from functools import cache

CLONE_THREAD = 0x10000
UNKNOWN = -1  # to this libseccomp, or not of this kind of machine
REFUSED = (
    "fork", "vfork", "socket",
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp",
    "memfd_create", "memfd_secret", "shmget", "msgget", "semget", "mq_open",
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "fsopen", "fsmount", "open_tree", "move_mount",
    "keyctl", "add_key", "request_key", "open_by_handle_at", "personality",
)  # fmt: skip


@cache
def program() -> bytes:
    """Compiles the filter for this machine; raises `OSError` or `ImportError` where libseccomp is missing."""
    try:
        import pyseccomp
    except RuntimeError:  # so it says that there is no shared library
        raise OSError("there is no libseccomp") from None
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name in REFUSED:
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) != UNKNOWN:
            rules.add_rule(refuse, name)
    rules.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_THREAD, 0))
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
