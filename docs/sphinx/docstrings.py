"""Signatures as the source writes them."""

import ast
import inspect
import textwrap

from sphinx.application import Sphinx


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


def setup(app: Sphinx) -> dict[str, bool]:
    """Apply this wherever autodoc documents something; hide constructors and the fields of named tuples."""

    def signature(_app: Sphinx, what: str, _name: str, value: object, *_: object) -> tuple[str, str] | None:
        return ("", "") if what in ("class", "exception") else written(value)

    def skipped(_app: Sphinx, _what: str, _name: str, value: object, _skip: bool, _options: object) -> bool | None:
        return True if (inspect.getdoc(value) or "").startswith("Alias for field number") else None

    app.connect("autodoc-process-signature", signature)
    app.connect("autodoc-skip-member", skipped)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
