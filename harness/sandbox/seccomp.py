"""The system calls that a sandboxed submission may not make, as a filter that bubblewrap loads.

A submission may start threads but no processes: `clone` needs CLONE_THREAD, and `clone3`, whose flags a filter
cannot see, is reported missing, so that glibc falls back to `clone`. Calls that get around the limits on memory or
disk, and rarely used ones that widen the kernel's attack surface, are refused as well.
"""

import errno
import tempfile
from functools import cache

CLONE_THREAD = 0x10000
UNKNOWN = -1  # what libseccomp returns for a call that it, or this architecture, does not have
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
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
