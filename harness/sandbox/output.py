"""What a submission prints: read as it comes, so that it neither blocks nor fills a disk; only the end is kept."""

import os
import select
import threading
from collections.abc import Callable

KEPT = 2000  # bytes, shown where a submission fails
AT_ONCE = 1 << 16
PIPE = 1 << 20


class Printed:
    """Reads a file descriptor in a thread until its end or `close`; calls `flooded` once, after `limit` bytes."""

    def __init__(self, reading: int, limit: int, flooded: Callable[[], None]) -> None:
        self._reading, self._limit, self._flooded = reading, limit, flooded
        self._end = b""
        self._count = 0
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
        """Reads what is there, but no more at a time than a pipe holds; says whether more may come."""
        with self._lock:
            for _ in range(PIPE // AT_ONCE):
                try:
                    some = os.read(self._reading, AT_ONCE)
                except BlockingIOError:
                    return True
                if not some:
                    return False
                self._end = (self._end + some)[-KEPT:]
                before, self._count = self._count, self._count + len(some)
                if before <= self._limit < self._count:
                    self._flooded()
        return True

    @property
    def too_much(self) -> bool:
        """Says whether more was printed than is allowed."""
        return self._count > self._limit

    def last(self) -> str:
        """Returns the end of all that was printed so far."""
        self._drain()
        return self._end.decode(errors="replace").strip()

    def close(self) -> None:
        """Ends the thread, even if somebody could still print, and closes the descriptor."""
        os.close(self._stopping)
        self._thread.join()
        os.close(self._stop)
        os.close(self._reading)
