"""Replies of models: log-probabilities of tokens, or texts, the label in them, and the answers on disk.

Answers have a file for each request, named by its digest: nothing is asked twice. A checksum of digest and answer shows
answers that were damaged, edited or exchanged; those are asked for again.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import numpy as np

from spurgen.benchmark.errors import MissingError, ReadError, SpurgenError, shortened
from spurgen.benchmark.reading import JSON_BYTES, read_text
from spurgen.harness.machine.files import write_atomically

Reply = Mapping[str, Any]
Read = TypeVar("Read")
MISSHAPEN = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)
"""Errors that reading a reply of another form raises."""
PRIOR = 0.5  # answers that are added to each label's number (Haldane and Anscombe), so that no log-odds are infinite
ROUNDING = 1e-3  # log-probabilities computed in half precision may exceed 0 by as much, in nats
LEAST = -1e4  # smaller log-probabilities, such as -inf and the least float32, mean that a token was ruled out
MOST_TOKENS = 10**9  # of a reply; larger counts are not counts
SHORTEST = 3  # letters of a token that begins a longer label: "A" is a label of its own, "a" and "an" are words
WORDS = """choices content logprob logprobs top_logprobs token text message refusal error model usage prompt_tokens
completion_tokens label a b animal vehicle"""
"""Words that replies are made of."""
MARKS = " \n\t\N{LOWER ONE EIGHTH BLOCK}\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}"
"""Characters with which servers and tokenizers begin a token at the start of a word."""


class Answer(NamedTuple):
    """Log-odds of the second label against the first, in nats; None if no label was named.

    `unread`: how many of the model's answers named none.
    """

    odds: float | None
    unread: int = 0


def without(secret: str, value: Any) -> Any:  # noqa: ANN401
    """Return JSON, or a text, with `***` in place of a secret in texts and in names."""
    if isinstance(value, str):
        return value.replace(secret, "***") if secret else value
    if isinstance(value, list):
        return [without(secret, each) for each in value]
    if isinstance(value, dict):
        return {without(secret, name): without(secret, each) for name, each in value.items()}
    return value


def first_tokens(reply: Reply) -> dict[str, float]:
    """Return log-probabilities, in nats, of the most probable first tokens; none where the model refused or was silent.

    Reads both forms, that of completions and that of chats. Tokens that were ruled out are left out. Raises
    `SpurgenError` for a reply without log-probabilities, and for one above 0 or NaN.
    """

    def read() -> dict[str, float]:
        choice = reply["choices"][0]
        if (choice.get("message") or {}).get("refusal"):
            return {}
        given = choice["logprobs"]
        if given.get("content") is None:
            listed = [*given["top_logprobs"][0].items()] if given["top_logprobs"] else []
        else:
            listed = [(top["token"], top["logprob"]) for each in given["content"][:1] for top in each["top_logprobs"]]
        found = {str(token): _log_probability(token, value) for token, value in listed}
        return {token: value for token, value in found.items() if value >= LEAST}

    return _read(read, reply, "log-probabilities; where the server has none, ask for texts by --samples 20")


def texts(reply: Reply) -> list[str]:
    """Return the texts of a reply's choices; that of a refusal is empty. Raises `SpurgenError` if it has none."""

    def read() -> list[str]:
        found = [choice["text"] if "text" in choice else choice["message"]["content"] for choice in reply["choices"]]
        if not found:
            raise ValueError("no choice")
        return [str(text or "") for text in found]

    return _read(read, reply, "text")


def usage(reply: Reply) -> tuple[int, int]:
    """Return the numbers of tokens of prompt and answer; 0 where the server gives no plausible one."""
    found = reply.get("usage")
    counts = [found.get(name) if isinstance(found, dict) else 0 for name in ("prompt_tokens", "completion_tokens")]
    prompt, answer = (count if isinstance(count, int) and 0 <= count <= MOST_TOKENS else 0 for count in counts)
    return prompt, answer


def answer_of_tokens(tokens: Mapping[str, float], labels: Sequence[str]) -> Answer:
    """Return the answer by the tokens that begin the labels.

    A label that is not among the tokens is given the smallest probability among them, its upper bound.
    """
    found = [[value for token, value in tokens.items() if _begins(token.strip(MARKS), label)] for label in labels]
    if not any(found):
        return Answer(None, 1)
    first, second = (float(np.logaddexp.reduce(values)) if values else min(tokens.values()) for values in found)
    return Answer(second - first)


def answer_of_texts(answers: Sequence[str], labels: Sequence[str]) -> Answer:
    """Return the answer by how often each label is answered."""
    said = [label_of(text, labels) for text in answers]
    if said.count(None) == len(said):
        return Answer(None, len(said))
    first, second = (said.count(k) + PRIOR for k in (0, 1))
    return Answer(math.log(second / first), said.count(None))


def label_of(text: str, labels: Sequence[str]) -> int | None:
    """Return which label a text's first line consists of, apart from punctuation and the word Label; None if none."""
    line = (text.strip().splitlines() or [""])[0]
    for k, label in enumerate(labels):
        if re.fullmatch(rf"\W*(?:label\W+)?{re.escape(label)}\W*", line, re.IGNORECASE):
            return k
    return None


def _begins(token: str, label: str) -> bool:
    begins = label.startswith(token) or label.capitalize().startswith(token)
    return begins and len(token) >= min(SHORTEST, len(label))


def _log_probability(token: object, value: float) -> float:
    number = value + 0.0  # a text is an error
    if not number <= ROUNDING:  # also refuses NaN
        raise SpurgenError(
            f"the server's reply gives token {shortened(token)} the log-probability {number:g}, expected at most 0; "
            "report it to whoever runs the server, or ask for texts by --samples 20"
        )
    return min(number, 0.0)


def _read(read: Callable[[], Read], reply: Reply, what: str) -> Read:
    try:
        return read()
    except MISSHAPEN:
        raise SpurgenError(f"the server's reply has no {what}; it begins {shortened(reply)}") from None


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
            if stored["sha256"] == _checksum(path, stored["answer"]):
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
        write_atomically(path, json.dumps({"sha256": _checksum(path, answer), "answer": answer}))

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
