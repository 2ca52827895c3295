"""Says in plain words what is wrong with a field, for whoever wrote the file."""

import reprlib

from pydantic_core import ErrorDetails

_KEYS = {"missing": "this key is missing", "extra_forbidden": "there is no such key"}


def is_other_branch(error: ErrorDetails) -> bool:
    """Says whether an error is only that a list is no single strength, or a single strength no list."""
    if error["type"] == "float_type":
        return isinstance(error["input"], list | tuple)
    return error["type"] == "tuple_type" and "tuple[" in str(error["loc"][-1])


def explain(error: ErrorDetails) -> str:
    """Says in a line which field is wrong, how, and what it holds."""
    if error["type"] == "value_error":
        return f"  {error['ctx']['error']}"
    field = ".".join(str(part) for part in error["loc"] if "[" not in str(part) and part != "constrained-float")
    told = _KEYS.get(error["type"]) or f"{error['msg']} (got {reprlib.repr(error['input'])})"
    return f"  {field or 'scenario'}: {told}"
