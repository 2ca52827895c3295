"""A model behind an OpenAI-compatible server, asked over HTTP with bounded patience."""

import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from http.client import HTTPException, HTTPResponse, IncompleteRead
from socket import gaierror
from ssl import SSLCertVerificationError
from threading import Thread
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.request import HTTPErrorProcessor, Request, build_opener

from spurgen.benchmark.errors import SpurgenError, shortened
from spurgen.harness.context import replies
from spurgen.harness.context.episodes import Prompt
from spurgen.harness.context.replies import Answer, Read
from spurgen.harness.context.store import Answers, SpentError

KEY = "OPENAI_API_KEY"
ADDRESS = re.compile(r"https?://(\[[\da-fA-F:.]+\]|[\w.-]+)(:[1-9]\d{0,4})?(/[\w.~%/-]*)?", re.ASCII)
ATTEMPTS = 6
LONGEST_WAIT = 60.0  # seconds before another attempt
REPLY_BYTES = 1 << 22
PASSING = (408, 429, 500, 502, 503, 504)
"""Statuses after which a request is sent again."""
LASTING = (ConnectionRefusedError, gaierror, SSLCertVerificationError, UnicodeError, OverflowError)
"""Failures to connect that would recur at another attempt; the last two are those of an impossible host or port."""
TEXT_TOKENS = 8
INSTRUCTION = "Label the last caption as the others are labelled. Answer with the label alone.\n\n"


class _AsItCame(HTTPErrorProcessor):
    """Returns replies of every status; no redirection is followed, since the key would go along."""

    def http_response(self, _request: Request, response: HTTPResponse) -> HTTPResponse:
        return response

    def https_response(self, _request: Request, response: HTTPResponse) -> HTTPResponse:
        return response


class _Received(NamedTuple):
    """A reply's status, its content, and its header `Retry-After`."""

    status: int
    content: bytes
    retry_after: str | None


class Endpoint:
    """Completions, or with `chat` chats, of a model at an address such as `http://localhost:8000/v1`.

    Labels are compared by log-probabilities of the first token, among the `top` most probable ones, or with `samples`,
    by that many texts. A reply has `timeout` seconds in all. After server failures a request is sent again; `pause`
    waits in between.
    """

    def __init__(
        self, url: str, model: str, answers: Answers, *, chat: bool = False, samples: int = 0, top: int = 20,
        timeout: float = 60.0, pause: Callable[[float], None] | None = None,
    ) -> None:  # fmt: skip
        if not ADDRESS.fullmatch(url):
            shown = "" if "@" in url or "?" in url else f" {shortened(url)}"
            raise SpurgenError(
                f"--endpoint{shown}: expected an address such as http://localhost:8000/v1, without password and query; "
                f"put a key into {KEY}"
            )
        self.address = f"{url.rstrip('/')}/{'chat/' * chat}completions"
        self.model, self.answers, self.timeout = model, answers, timeout
        self.chat, self.samples, self.top, self.pause = chat, samples, top, pause or answers.pause
        self._key = os.environ.get(KEY, "").strip()
        if not (self._key.isascii() and self._key.isprintable()):
            raise SpurgenError(f"{KEY} has characters that no key has; set it again")
        # A placeholder that occurs in every reply, such as "token", is not secret.
        self._secret = "" if self._key.lower() in f"{replies.WORDS} {model}".lower() else self._key
        self._opener = build_opener(_AsItCame)

    @property
    def source(self) -> dict[str, Any]:
        """Origin of the answers, as in the row file."""
        by = {"samples": self.samples} if self.samples else {"top_log_probabilities": self.top}
        return {"endpoint": self.address, **by}

    def missing(self, prompts: Iterable[Prompt]) -> tuple[int, int]:
        """Return the least number of requests still to send, and their number of characters."""
        texts = (text for each in prompts for text in each.texts)
        new = [len(text) for text in texts if self.answers.get(self._named(self._body(text))) is None]
        return len(new), sum(new)

    def ask(self, prompt: Prompt) -> list[Answer]:
        """Return the answer to each text."""
        return [self._answer(self._body(text), prompt.labels) for text in prompt.texts]

    def _answer(self, body: Mapping[str, Any], labels: tuple[str, str]) -> Answer:
        if not self.samples:
            return replies.answer_of_tokens(self._reply(body, replies.first_tokens), labels)
        said: list[str] = []
        while len(said) < self.samples:  # some servers send one text, whatever `n` says
            said += self._reply({**body, "n": self.samples - len(said)}, replies.texts)
        return replies.answer_of_texts(said[: self.samples], labels)

    def _body(self, text: str) -> dict[str, Any]:
        asked = {"messages": [{"role": "user", "content": INSTRUCTION + text}]} if self.chat else {"prompt": text}
        if self.samples:
            how: dict[str, Any] = {"n": self.samples, "temperature": 1.0, "max_tokens": TEXT_TOKENS}
        else:
            listed = {"logprobs": True, "top_logprobs": self.top} if self.chat else {"logprobs": self.top}
            how = {"temperature": 0.0, "max_tokens": 1, **listed}
        return {"model": self.model, **asked, **how}

    def _named(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what identifies a request: never the key."""
        return {"address": self.address, "body": body}

    def _reply(self, body: Mapping[str, Any], read: Callable[[replies.Reply], Read]) -> Read:
        """Return what `read` reads in the stored reply, or send the request and store its reply."""
        stored = self.answers.get(self._named(body))
        if stored is not None:
            return read(stored)
        reply = self._send(json.dumps(body).encode())
        if not isinstance(reply, dict):
            raise SpurgenError(f"{self.address} answered something else than JSON: {shortened(reply)}")
        found = reply.get("model", self.model)
        if found != self.model:
            raise SpurgenError(
                f"{self.address} answered as model {shortened(found)}, not {self.model}; "
                "name that model by --model if it is the one that you mean"
            )
        said = read(reply)
        self.answers.use(*replies.usage(reply))
        self.answers.put(self._named(body), reply)
        return said

    def _send(self, body: bytes) -> Any:  # noqa: ANN401
        """Return what `_entered` returns of the reply to a request, which is sent again after failures that pass.

        Raises `SpurgenError` for other failures, and after `ATTEMPTS`.
        """
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self._key}"} if self._key else {})
        for attempt in range(ATTEMPTS):
            self.answers.take(again=attempt > 0)
            seconds = 2.0**attempt
            try:
                reply = self._in_time(Request(self.address, body, headers))
                said = self._entered(reply.content)
                if reply.status < 300:
                    return said
                reason, lasting = f"status {reply.status}, {_message(said)}", reply.status not in PASSING
                seconds = _asked_to_wait(reply.retry_after, seconds)
            except (HTTPException, OSError, UnicodeError, OverflowError) as error:
                cause = error.reason if isinstance(error, URLError) else error
                reason, lasting = replies.without(self._secret, str(cause)), isinstance(cause, LASTING)
                if isinstance(cause, TimeoutError):
                    reason = f"no complete answer in {self.timeout:g} s"
            if lasting:
                raise self._failed(reason)
            if seconds > LONGEST_WAIT:
                raise self._failed(f"{reason}; it asks to wait {seconds:,.6g} s")
            if attempt < ATTEMPTS - 1:
                self.pause(seconds)
        raise self._failed(f"{ATTEMPTS} attempts failed, the last by: {reason}")

    def _in_time(self, request: Request) -> _Received:
        """Return the reply to a request; raise `TimeoutError` if it is incomplete after `timeout` seconds in all.

        Raises `SpentError` as soon as the run is stopped. The limit of a socket is on each read, so a thread reads; a
        late one is left to itself.
        """
        received: Future[_Received] = Future()

        def receive() -> None:
            try:
                received.set_result(self._received(request))
            except Exception as error:
                received.set_exception(error)

        Thread(target=receive, daemon=True).start()
        either: list[Future[Any]] = [received, self.answers.stopped]
        wait(either, self.timeout, FIRST_COMPLETED)
        if received.done():
            return received.result()
        raise SpentError if self.answers.stopped.done() else TimeoutError

    def _received(self, request: Request) -> _Received:
        with self._opener.open(request, timeout=self.timeout) as reply:
            try:
                content = self._content(reply)
            except (HTTPException, OSError):
                if reply.status < 300:
                    raise
                content = b""  # the status says enough
            return _Received(reply.status, content, reply.headers.get("Retry-After"))

    def _content(self, reply: HTTPResponse) -> bytes:
        content = reply.read(REPLY_BYTES + 1)
        if len(content) > REPLY_BYTES:
            raise SpurgenError(f"{self.address} answered more than {REPLY_BYTES:,} bytes")
        if reply.length:  # what is still to come; `read` with a limit does not raise this itself
            raise IncompleteRead(content, reply.length)
        return content

    def _failed(self, reason: str) -> SpurgenError:
        return SpurgenError(f"{self.address}: {reason}; answers so far are kept: the same command goes on from there")

    def _entered(self, content: bytes) -> Any:  # noqa: ANN401
        """Return what a server said, as JSON if it is JSON, otherwise as text, without the key if it echoes it.

        All that is stored or shown of a reply has passed here.
        """
        text = content.decode(errors="replace")
        try:
            return replies.without(self._secret, json.loads(text))
        except (ValueError, RecursionError):
            return replies.without(self._secret, text)


def _message(said: Any) -> str:  # noqa: ANN401
    """Return a server's message about an error, shortened."""
    with suppress(*replies.MISSHAPEN):
        said = said["error"]["message"]
    return shortened(said)


def _asked_to_wait(header: str | None, otherwise: float) -> float:
    """Return the seconds that a server asks to wait; dates, which are rare, are not read."""
    with suppress(ValueError):
        seconds = float(header or "")
        return otherwise if math.isnan(seconds) else max(seconds, 0.0)
    return otherwise
