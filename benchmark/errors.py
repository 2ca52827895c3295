"""The errors a user can meet; each message says what is wrong, where, and what to do."""

import reprlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails  # the command line imports this module, and pydantic is slow to import

Value = TypeVar("Value")
Made = TypeVar("Made")

_KEYS = {
    "missing": "this key is missing; add it",
    "extra_forbidden": "there is no such key; remove it or correct its name",
}
SHOWN = 3  # faults that a message lists
LONG_NUMBER = 1000  # bits; Python refuses to write whole numbers of more than 4,300 digits


def harmless(text: str) -> str:
    """Replace characters that UTF-8 cannot encode, or that move a terminal's cursor or change its colours."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text.encode(errors="replace").decode())


class SpurgenError(Exception):
    """Base class of every error that SpurGen raises on purpose; its message is `harmless`."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*(harmless(value) if isinstance(value, str) else value for value in arguments))


class ReadError(SpurgenError):
    """A file that cannot be read: not a plain file, too large, or not the text that it should be."""


class MissingError(ReadError):
    """A file that does not exist."""


class ScenarioError(SpurgenError, ValueError):
    """A scenario or suite that asks for something impossible."""


class FrozenDataError(SpurgenError):
    """Data that are not the frozen ones: missing, stale, truncated or changed."""


class SubmissionError(SpurgenError):
    """A submission that cannot be loaded, or that failed or answered badly while it ran."""


class MetricError(SpurgenError, ValueError):
    """Arrays that a metric cannot judge: non-finite, misshapen, or with an empty group."""


def checked(validate: Callable[[Value], Made], value: Value, error: Callable[[str], SpurgenError]) -> Made:
    """Return what a method of pydantic makes of a value; if it refuses it, raise the `error` made of its reasons."""
    from pydantic import ValidationError

    try:
        return validate(value)
    except ValidationError as refused:
        raise error(explain(refused.errors())) from None


def explain(faults: "Iterable[ErrorDetails]") -> str:
    """Return the faults of a `ValidationError` on one line: which field is wrong, how, and which value it has."""
    lines = list(dict.fromkeys(_line(fault) for fault in faults if not _is_other_branch(fault)))
    more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "; ".join([*lines[:SHOWN], *more])


def _line(fault: "ErrorDetails") -> str:
    parts = (str(part) for part in fault["loc"])
    field = ".".join(_short_name(part) for part in parts if "[" not in part and part != "constrained-float")
    if fault["type"] == "value_error":
        problem = str(fault["ctx"]["error"])
    else:
        problem = _KEYS.get(fault["type"]) or f"{fault['msg']} (got {shortened(fault['input'])})"
    return f"{field}: {problem}" if field else problem


def _is_other_branch(fault: "ErrorDetails") -> bool:
    """Return whether a fault is only that a list is no single strength, or a single strength no list."""
    branch = str(fault["loc"][-1]) if fault["loc"] else ""
    if fault["type"] == "float_type":
        return branch == "constrained-float" and isinstance(fault["input"], list | tuple)
    return fault["type"] == "tuple_type" and "tuple[" in branch


def _short_name(name: str) -> str:
    return name if name and name.isprintable() and len(name) <= _SHORT.maxstring else shortened(name)


class _Short(reprlib.Repr):
    def repr_int(self, x: int, level: int) -> str:
        if x.bit_length() > LONG_NUMBER:
            return f"a whole number of {x.bit_length():,} bits"
        return super().repr_int(x, level)


_SHORT = _Short()
_SHORT.maxstring = 60


def shortened(value: object) -> str:
    """Return a value as Python writes it, on one line and shortened."""
    return _SHORT.repr(value)
