"""Answers of models on disk, a file for each request, named by the request's digest: nothing is asked twice.

A checksum of digest and answer shows answers that were damaged, edited or exchanged; those are asked for again.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, InvalidStateError, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from spurgen.benchmark.errors import MissingError, ReadError
from spurgen.benchmark.reading import JSON_BYTES, read_text
from spurgen.harness.machine.files import write_atomically

VERSION = 2  # of a file; those of version 1 have no checksum


class SpentError(Exception):
    """No more requests may be sent in this run."""


class Answers:
    """Stored answers, and the requests that were sent for all others, at most `limit`.

    `sent` counts every attempt, `repeated` those after a failure; `tokens` are what the server counted: of prompts and
    of answers. `damaged` are files that were found without the answer that they were written with. Once `stopped` is
    done, nothing is sent or waited for.
    """

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        self.folder, self.limit = folder, limit
        self.sent = self.repeated = 0
        self.tokens = [0, 0]
        self.damaged: set[Path] = set()
        self.stopped: Future[None] = Future()
        self._lock = Lock()

    def get(self, request: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Return the answer to a request; None if it is missing, or `damaged`."""
        path = self._file(request)
        try:
            stored = json.loads(read_text(path, JSON_BYTES))
            if stored["version"] == VERSION and stored["sha256"] == _checksum(path, stored["answer"]):
                return stored["answer"]
        except MissingError:
            return None
        except (ReadError, ValueError, KeyError, TypeError, RecursionError):
            pass
        self.damaged.add(path)
        return None

    def put(self, request: Mapping[str, Any], answer: object) -> None:
        """Store the answer to a request."""
        path = self._file(request)
        write_atomically(path, json.dumps({"version": VERSION, "sha256": _checksum(path, answer), "answer": answer}))

    def take(self, *, again: bool = False) -> None:
        """Count a request that is about to be sent; raise `SpentError` if none may be sent."""
        with self._lock:
            if self.stopped.done() or (self.limit is not None and self.sent >= self.limit):
                raise SpentError
            self.sent += 1
            self.repeated += again

    def use(self, prompt: int, answer: int) -> None:
        """Count tokens that a request took."""
        with self._lock:
            self.tokens[0] += prompt
            self.tokens[1] += answer

    def pause(self, seconds: float) -> None:
        """Wait, until the run is stopped at the latest."""
        wait([self.stopped], seconds)

    @contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """Stop the run if Ctrl-C or SIGTERM ends the block."""
        try:
            yield
        except KeyboardInterrupt:
            with suppress(InvalidStateError):  # stopped twice
                self.stopped.set_result(None)
            raise

    def _file(self, request: Mapping[str, Any]) -> Path:
        digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        return self.folder / digest[:2] / f"{digest}.json"


def _checksum(path: Path, answer: object) -> str:
    return hashlib.sha256(f"{path.stem}\n{json.dumps(answer, sort_keys=True)}".encode()).hexdigest()
