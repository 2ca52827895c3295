"""Reading replies of OpenAI-compatible servers: log-probabilities of tokens, or texts, and the label in them."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from spurgen.benchmark.errors import SpurgenError, shortened

Reply = Mapping[str, Any]
Read = TypeVar("Read")
MISSHAPEN = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)
"""Errors that reading a reply of another form raises."""
PRIOR = 0.5  # answers that are added to each label's number (Haldane and Anscombe), so that no log-odds are infinite
MARKS = " \n\t\N{LOWER ONE EIGHTH BLOCK}\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}"
"""Characters with which servers and tokenizers begin a token at the start of a word."""


class Answer(NamedTuple):
    """Log-odds of the second label against the first, in nats; None if no label was named.

    `unread`: how many of the model's answers named none.
    """

    odds: float | None
    unread: int = 0


def first_tokens(reply: Reply) -> dict[str, float]:
    """Return log-probabilities, in nats, of the most probable first tokens; none where the model refused or was silent.

    Reads both forms, that of completions and that of chats. Raises `SpurgenError` for a reply without
    log-probabilities.
    """

    def read() -> dict[str, float]:
        choice = reply["choices"][0]
        if _refused(choice):
            return {}
        found = choice["logprobs"]
        if found.get("content") is None:
            listed = [*found["top_logprobs"][0].items()] if found["top_logprobs"] else []
        else:
            listed = [(top["token"], top["logprob"]) for each in found["content"][:1] for top in each["top_logprobs"]]
        return {str(token): float(value) for token, value in listed if math.isfinite(value)}

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
    """Return the numbers of tokens of prompt and answer; 0 where the server does not say."""
    found = reply.get("usage")
    counts = [found.get(name) if isinstance(found, dict) else 0 for name in ("prompt_tokens", "completion_tokens")]
    prompt, answer = (count if isinstance(count, int) else 0 for count in counts)
    return prompt, answer


def answer_of_tokens(tokens: Mapping[str, float], labels: Sequence[str]) -> Answer:
    """Return the answer by the tokens that begin the labels.

    A label that is not among the tokens is given the smallest probability among them, its upper bound.
    """
    found = [[value for token, value in tokens.items() if _begins(token.strip(MARKS), label)] for label in labels]
    if not any(found):
        return Answer(None, 1)
    first, second = (_log_sum(values) if values else min(tokens.values()) for values in found)
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
    return bool(token) and (label.startswith(token) or label.capitalize().startswith(token))


def _log_sum(values: Sequence[float]) -> float:
    top = max(values)
    return top + math.log(sum(math.exp(value - top) for value in values))


def _refused(choice: Mapping[str, Any]) -> bool:
    return bool((choice.get("message") or {}).get("refusal"))


def _read(read: Callable[[], Read], reply: Reply, what: str) -> Read:
    try:
        return read()
    except MISSHAPEN:
        raise SpurgenError(f"the server's reply has no {what}; it begins {shortened(reply)}") from None
