"""What of a Python source can change what it does, as text that is the same under every version of Python."""

import ast
from collections.abc import Collection, Iterator

BODIES = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
SILENT = {"ctx", "kind", "type_comment", "type_ignores"}  # fields that follow from others, or change nothing


def essence(source: str | bytes, only: Collection[str] = ()) -> str:
    """Writes a source's syntax tree without docstrings; comments, layout and quotes are not in the tree.

    `only` names top-level functions, classes and variables to keep, and leaves out all else. A source that
    mentions `__doc__` keeps its docstrings. Raises `SyntaxError` or `ValueError` for what is not Python,
    `LookupError` for a name that is not there.

    `ast.dump` is no such text, since Python 3.13 leaves out empty fields; and fields that a later version
    adds are empty in older sources, so here every empty field is left out.
    """
    tree = ast.parse(source)
    if only:
        kept = {name: node for node in tree.body for name in _defined(node) if name in only}
        missing = [name for name in only if name not in kept]
        if missing:
            raise LookupError(f"the source does not define {', '.join(missing)}")
        tree.body = [kept[name] for name in sorted(kept)]
    spoken = "__doc__" in (source.decode(errors="replace") if isinstance(source, bytes) else source)
    parts: list[str] = []
    waiting: list[str | ast.AST] = [tree]
    while waiting:  # no recursion, which a long sum would exhaust
        item = waiting.pop()
        if isinstance(item, str):
            parts.append(item)
        else:
            waiting += reversed([*_pieces(item, spoken)])
    return "".join(parts)


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _pieces(node: ast.AST, spoken: bool) -> Iterator[str | ast.AST]:
    """Yields one node's text and, in their places, the nodes that it holds."""
    if isinstance(node, ast.Constant):
        yield _literal(node.value)
        return
    yield f"{type(node).__name__}("
    for name, value in sorted(ast.iter_fields(node), key=lambda field: field[0]):
        if name == "body" and isinstance(node, BODIES) and not spoken:
            value = value[_has_docstring(node) :]
        elif name == "values" and isinstance(node, ast.JoinedStr):
            value = _joined(value)
        if name in SILENT or value is None or value == []:
            continue
        yield f"{name}="
        for item in value if isinstance(value, list) else [value]:
            yield item if isinstance(item, ast.AST) else _literal(item)
            yield ";"
    yield ")"


def _literal(value: object) -> str:
    """Writes a constant in ASCII, since what is printable depends on Python's Unicode tables."""
    return hex(value) if type(value) is int else ascii(value)  # a very long int has no decimal digits


def _has_docstring(node: BODIES) -> bool:
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """Joins the constant parts of an f-string, which versions of Python cut differently."""
    found: list[ast.expr] = []
    for value in values:
        last = found[-1] if found else None
        if isinstance(value, ast.Constant) and isinstance(last, ast.Constant):
            found[-1] = ast.Constant(last.value + value.value)  # type: ignore[operator]  # both are strings here
        elif not (isinstance(value, ast.Constant) and value.value == ""):
            found.append(value)
    return found
