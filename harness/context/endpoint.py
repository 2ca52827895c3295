"""A model behind an OpenAI-compatible server, asked over HTTP with bounded patience."""

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from http.client import HTTPException, HTTPResponse, IncompleteRead
from socket import gaierror
from ssl import SSLCertVerificationError
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from spurgen.benchmark.errors import SpurgenError, shortened
from spurgen.harness.context import replies
from spurgen.harness.context.episodes import Prompt
from spurgen.harness.context.replies import Answer, Read
from spurgen.harness.context.store import Answers

KEY = "OPENAI_API_KEY"
ADDRESS = re.compile(r"https?://(\[[\da-fA-F:.]+\]|[\w.-]+)(:[1-9]\d{0,4})?(/[\w.~%/-]*)?", re.ASCII)
ATTEMPTS = 6
LONGEST_WAIT = 60.0  # seconds before another attempt
REPLY_BYTES = 1 << 22
PASSING = (408, 429, 500, 502, 503, 504)
"""Statuses after which a request is sent again."""
LASTING = (ConnectionRefusedError, gaierror, SSLCertVerificationError)
"""Failures to connect that would recur at another attempt."""
TEXT_TOKENS = 8
INSTRUCTION = "Label the last caption as the others are labelled. Answer with the label alone.\n\n"


class _Stay(HTTPRedirectHandler):
    """Follow no redirection: the key would go along."""

    def redirect_request(self, *_: object) -> None:
        return None


class Endpoint:
    """Completions, or with `chat` chats, of a model at an address such as `http://localhost:8000/v1`.

    Labels are compared by log-probabilities of the first token, among the `top` most probable ones, or with `samples`,
    by that many texts. After server failures a request is sent again; `pause` waits in between.
    """

    def __init__(
        self, url: str, model: str, answers: Answers, *, chat: bool = False, samples: int = 0, top: int = 20,
        timeout: float = 60.0, pause: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        if not ADDRESS.fullmatch(url):
            shown = "" if "@" in url or "?" in url else f" {shortened(url)}"
            raise SpurgenError(
                f"--endpoint{shown}: expected an address such as http://localhost:8000/v1, without password and query; "
                f"put a key into {KEY}"
            )
        self.address = f"{url.rstrip('/')}/{'chat/' * chat}completions"
        self.model, self.answers, self.timeout = model, answers, timeout
        self.chat, self.samples, self.top, self.pause = chat, samples, top, pause
        self._key = os.environ.get(KEY, "").strip()
        if not (self._key.isascii() and self._key.isprintable()):
            raise SpurgenError(f"{KEY} has characters that no key has; set it again")
        self._opener = build_opener(_Stay)

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
        reply = self._parsed(self._send(json.dumps(body).encode()))
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

    def _parsed(self, content: bytes) -> dict[str, Any]:
        try:
            reply = json.loads(content)
        except (ValueError, RecursionError):
            reply = None
        if not isinstance(reply, dict):
            raise SpurgenError(f"{self.address} answered something else than JSON: {self._shown(content)}")
        return reply

    def _send(self, body: bytes) -> bytes:
        """Send a request, again after failures that pass; raise `SpurgenError` for others, and after `ATTEMPTS`."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self._key}"} if self._key else {})
        for attempt in range(ATTEMPTS):
            self.answers.take(again=attempt > 0)
            wait = 2.0**attempt
            try:
                request = Request(self.address, body, headers)
                with self._opener.open(request, timeout=self.timeout) as reply:
                    return self._content(reply)
            except HTTPError as error:
                reason = f"status {error.code}, {self._shown(_rest(error))}"
                if error.code not in PASSING:
                    raise self._failed(reason) from None
                wait = _asked_to_wait(error.headers.get("Retry-After"), wait)
            except (HTTPException, OSError) as error:
                cause = error.reason if isinstance(error, URLError) else error
                reason = f"no answer in {self.timeout:g} s" if isinstance(cause, TimeoutError) else str(cause)
                if isinstance(cause, LASTING):
                    raise self._failed(reason) from None
            if wait > LONGEST_WAIT:
                raise self._failed(f"{reason}; it asks to wait {wait:,.0f} s")
            if attempt < ATTEMPTS - 1:
                self.pause(wait)
        raise self._failed(f"{ATTEMPTS} attempts failed, the last by: {reason}")

    def _content(self, reply: HTTPResponse) -> bytes:
        content = reply.read(REPLY_BYTES + 1)
        if len(content) > REPLY_BYTES:
            raise SpurgenError(f"{self.address} answered more than {REPLY_BYTES:,} bytes")
        if reply.length:  # what is still to come; `read` with a limit does not raise this itself
            raise IncompleteRead(content, reply.length)
        return content

    def _failed(self, reason: str) -> SpurgenError:
        return SpurgenError(f"{self.address}: {reason}; answers so far are kept: the same command goes on from there")

    def _shown(self, content: bytes) -> str:
        """Return a server's message about an error, shortened and without the key."""
        text = content.decode(errors="replace")
        with suppress(*replies.MISSHAPEN, RecursionError):
            text = str(json.loads(text)["error"]["message"])
        return shortened(text.replace(self._key, "***") if self._key else text)


def _rest(error: HTTPError) -> bytes:
    """Return a server's message about an error, as far as it arrives."""
    with suppress(OSError, HTTPException):
        return error.read(REPLY_BYTES)
    return b""


def _asked_to_wait(header: str | None, otherwise: float) -> float:
    """Return the seconds that a server asks to wait; dates, which are rare, are not read."""
    try:
        return max(float(header or ""), 0.0)
    except ValueError:
        return otherwise
