"""Read a submission's output as it comes, so that it neither blocks nor fills a disk; keep only the end."""

import os
import re
import select
import threading
from collections.abc import Callable

from spurgen.benchmark.errors import harmless

SHOWN = 2000  # bytes at the end, shown if a submission fails
CHUNK, PIPE = 1 << 16, 1 << 20  # bytes


class OutputReader:
    """Reads a file descriptor in a thread until its end or `close`; calls `on_flood` once, after `limit` bytes."""

    def __init__(self, reading: int, limit: int, on_flood: Callable[[], None]) -> None:
        self._reading, self._limit, self._on_flood = reading, limit, on_flood
        self._end = b""
        self._count = 0
        self._closed = False
        self._lock = threading.Lock()
        self._stop, self._stopping = os.pipe()
        os.set_blocking(reading, False)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        ends = [self._reading, self._stop]
        while self._stop not in (ready := select.select(ends, [], [])[0]):
            if ready and not self._drain():
                return

    def _drain(self) -> bool:
        """Read the available output, at most as much as a pipe holds; return whether more may come."""
        with self._lock:
            for _ in range(PIPE // CHUNK):
                try:
                    chunk = os.read(self._reading, CHUNK)
                except BlockingIOError:
                    return True
                if not chunk:
                    return False
                self._end = (self._end + chunk)[-SHOWN:]
                before, self._count = self._count, self._count + len(chunk)
                if before <= self._limit < self._count:
                    self._on_flood()
        return True

    @property
    def flooded(self) -> bool:
        """Whether more than the limit was printed."""
        return self._count > self._limit

    def last(self) -> str:
        """Return the end of what was printed so far."""
        if not self._closed:
            self._drain()
        return self._end.decode(errors="replace").strip()

    def last_line(self) -> str:
        """Return the last line that was printed so far, without control characters."""
        lines = [line.strip() for line in re.split(r"[\r\n]", self.last())]
        return harmless(next((line for line in reversed(lines) if line), ""))

    def close(self) -> None:
        """Read the rest, end the thread, even if a process could still print, and close the descriptor; once."""
        if self._closed:
            return
        self._drain()
        self._closed = True
        os.close(self._stopping)
        self._thread.join()
        os.close(self._stop)
        os.close(self._reading)
