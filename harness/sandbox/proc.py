"""A submission's view of /proc: its own processes, and the facts on the machine that libraries need, without counters.

Counters of the whole machine outlive a process: through them, such as seconds of niced CPU time, a worker could leave a
message for the next.
"""

import re
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
READ_ONLY = ("/proc/sys", "/proc/bus")  # kernel settings, which a process could write if the operator is root
# Process 1 is bubblewrap's own and runs as the operator: its environment could be read, and its memory written.
# The other counts the files of the machine.
HIDDEN = ("/proc/1", "/proc/sys/fs")
SHOWN = frozenset({
    "bus", "cmdline", "cpuinfo", "devices", "driver", "filesystems", "loadavg", "meminfo", "misc", "modules", "stat",
    "sys", "uptime", "version",
})  # fmt: skip
"""Files of /proc that libraries read; the rest, such as `slabinfo`, shows the whole machine to processes of root."""
CONSTANT = ("MemTotal", "SwapTotal", "Hugepagesize")  # lines of meminfo that do not change while the machine runs


def listed() -> tuple[list[Path], list[Path]]:
    """Return the files and the folders of /proc to hide; modules of the kernel may add and remove some at any time."""
    found = [path for path in sorted(PROC.iterdir()) if path.name not in SHOWN and not path.name.isdigit()]
    found = [path for path in found if not path.is_symlink()]  # such as `mounts`, which is the process's own
    folders = [path for path in (*found, *map(Path, HIDDEN)) if path.is_dir()]
    return [path for path in found if path.is_file()], folders


def made_up() -> Iterator[tuple[str, bytes]]:
    """Yield the files of /proc with counters, and contents that count only the processors and the memory."""
    lines = [line.split() for line in (PROC / "stat").read_text().splitlines()]
    stat = [" ".join([f"{name} " if name == "cpu" else name, *["0"] * min(len(rest), 10)]) for name, *rest in lines]
    memory = (PROC / "meminfo").read_text()
    total = re.search(r"^MemTotal:(.*)$", memory, re.MULTILINE)
    constant = {*CONSTANT}
    names = (line.partition(":") for line in memory.splitlines())
    kept = {name: value if name in constant else " 0" + " kB" * value.endswith("kB") for name, _, value in names}
    kept |= dict.fromkeys(("MemFree", "MemAvailable"), total[1] if total else " 0 kB")
    yield "/proc/stat", "\n".join([*stat, ""]).encode()
    yield "/proc/meminfo", "".join(f"{name}:{value}\n" for name, value in kept.items()).encode()
    yield "/proc/loadavg", b"0.00 0.00 0.00 1/1 1\n"
    yield "/proc/uptime", b"1.00 1.00\n"
