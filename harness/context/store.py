"""Answers of models on disk, a file for each request, named by the request's digest: nothing is asked twice."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from spurgen.benchmark.errors import ReadError
from spurgen.benchmark.reading import JSON_BYTES, read_text
from spurgen.harness.machine.files import write_atomically

VERSION = 1  # of a file


class SpentError(Exception):
    """No more requests may be sent in this run."""


class Answers:
    """Stored answers, and the requests that were sent for all others, at most `limit`.

    `sent` counts every attempt, `repeated` those after a failure; `tokens` are what the server counted: of prompts and
    of answers.
    """

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        self.folder, self.limit = folder, limit
        self.sent = self.repeated = 0
        self.tokens = [0, 0]
        self._lock = Lock()

    def get(self, request: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Return the answer to a request; None if it is missing or damaged."""
        try:
            stored = json.loads(read_text(self._file(request), JSON_BYTES))
        except (ReadError, ValueError):
            return None
        return stored.get("answer") if isinstance(stored, dict) and stored.get("version") == VERSION else None

    def put(self, request: Mapping[str, Any], answer: object) -> None:
        """Store the answer to a request."""
        write_atomically(self._file(request), json.dumps({"version": VERSION, "answer": answer}))

    def take(self, *, again: bool = False) -> None:
        """Count a request that is about to be sent; raise `SpentError` if that would be one too many."""
        with self._lock:
            if self.limit is not None and self.sent >= self.limit:
                raise SpentError
            self.sent += 1
            self.repeated += again

    def use(self, prompt: int, answer: int) -> None:
        """Count tokens that a request took."""
        with self._lock:
            self.tokens[0] += prompt
            self.tokens[1] += answer

    def _file(self, request: Mapping[str, Any]) -> Path:
        digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        return self.folder / digest[:2] / f"{digest}.json"
