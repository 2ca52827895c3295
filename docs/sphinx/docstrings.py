"""Docstrings and signatures as the source writes them."""

import ast
import inspect
import re
import textwrap

from sphinx.application import Sphinx

_CODE = re.compile(r"(`[^`]*`)")


def written(function: object) -> tuple[str, str] | None:
    """Return the parameters and the result of a function as its source has them; None for anything else.

    So the array types have their names, not what they stand for.
    """
    if not (inspect.isfunction(function) or inspect.ismethod(function)):
        return None
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(node, ast.FunctionDef)
    for own in (node.args.posonlyargs, node.args.args):
        own[:] = [argument for argument in own if argument.arg not in ("self", "cls")]
    return f"({ast.unparse(node.args)})", ast.unparse(node.returns) if node.returns else ""


def escaped(line: str) -> str:
    """Return a line of a docstring with the characters escaped that are markup in reStructuredText, not in Markdown."""
    parts = _CODE.split(line)
    return "".join(part if part.startswith("`") else re.sub(r"[|*]", r"\\\g<0>", part) for part in parts)


def setup(app: Sphinx) -> dict[str, bool]:
    """Apply both wherever autodoc documents something; hide constructors and the fields of named tuples."""

    def signature(_app: Sphinx, what: str, _name: str, value: object, *_: object) -> tuple[str, str] | None:
        return ("", "") if what in ("class", "exception") else written(value)

    def docstring(_app: Sphinx, _what: str, _name: str, _value: object, _options: object, lines: list[str]) -> None:
        lines[:] = map(escaped, lines)

    def skipped(_app: Sphinx, _what: str, _name: str, value: object, _skip: bool, _options: object) -> bool | None:
        return True if (inspect.getdoc(value) or "").startswith("Alias for field number") else None

    app.connect("autodoc-process-signature", signature)
    app.connect("autodoc-process-docstring", docstring)
    app.connect("autodoc-skip-member", skipped)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
