"""The errors a user can meet; each message says what is wrong, where, and what to do."""

import reprlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails  # the command line imports this module, and pydantic is slow to import

_KEYS = {"missing": "this key is missing", "extra_forbidden": "there is no such key"}


def harmless(text: str) -> str:
    """Replace characters that UTF-8 cannot encode, or that move a terminal's cursor or change its colours."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text.encode(errors="replace").decode())


class SpurgenError(Exception):
    """Base class of every error that SpurGen raises on purpose; its message is `harmless`."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*(harmless(value) if isinstance(value, str) else value for value in arguments))


class ScenarioError(SpurgenError, ValueError):
    """A scenario or suite that asks for something impossible."""


class FrozenDataError(SpurgenError):
    """Data that are not the frozen ones: missing, stale, truncated or changed."""


class SubmissionError(SpurgenError):
    """A submission that cannot be loaded, or that failed or answered badly while it ran."""


class MetricError(SpurgenError, ValueError):
    """Arrays that a metric cannot judge: non-finite, misshapen, or with an empty group."""


def explain(faults: "Iterable[ErrorDetails]") -> list[str]:
    """Return a line per fault of a `ValidationError`: which field is wrong, how, and which value it has."""
    return list(dict.fromkeys(map(_line, faults)))


def _line(fault: "ErrorDetails") -> str:
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    field = ".".join(str(part) for part in fault["loc"] if "[" not in str(part) and part != "constrained-float")
    problem = _KEYS.get(fault["type"]) or f"{fault['msg']} (got {reprlib.repr(fault['input'])})"
    return f"{field or 'scenario'}: {problem}"
