"""What a result depends on, as a digest: so that no result outlives the code that made it."""

import ast
import hashlib
import io
import tokenize
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

import spurgen.benchmark
import spurgen.generators
import spurgen.harness.metrics
from spurgen.benchmark.errors import SubmissionError

FOLLOWED = "spurgen.baselines"  # a baseline's imports are part of it
SCORERS = ("scoring.py", "answers.py", "data.py", "worker.py")


def essence(source: str) -> str:
    """Returns Python source without comments, docstrings and blank lines, else character for character.

    Works on positions, not on a re-printed tree, so that every Python version finds the same text.
    """
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            for row in range(first.lineno, (first.end_lineno or first.lineno) + 1):
                lines[row - 1] = ""
    return "\n".join(line.rstrip() for line in lines if line.strip())


def code_digest(files: list[Path]) -> str:
    """Hashes the essence of Python files under their names, in sorted order."""
    parts = [f"{path.name}\n{essence(path.read_text(encoding='utf-8'))}" for path in sorted(files)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def generator_digest() -> str:
    """Hashes the code that makes the data."""
    return code_digest([*_folder(spurgen.generators).rglob("*.py")])


@cache
def scoring_digest() -> str:
    """Hashes the code that turns answers into figures."""
    harness = _folder(spurgen.harness.metrics).parent
    return code_digest([*_folder(spurgen.harness.metrics).glob("*.py"), *(harness / name for name in SCORERS)])


def _folder(package: object) -> Path:
    return Path(str(package.__file__)).parent  # type: ignore[attr-defined]  # a package with an __init__


def submission_digest(spec: str) -> str:
    """Hashes a submission's source, the helpers beside it and, for baselines, the training code it uses.

    The submission is read, never imported. Raises `SubmissionError` if it cannot be found.
    """
    start = Path(spec) if spec.endswith(".py") else module_file(spec.partition(":")[0])
    if start is None or not start.is_file():
        raise SubmissionError(f"there is no submission {spec}; give a path to a .py file or a module's name")
    seen: dict[Path, None] = {}
    waiting = [start.resolve()]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen[path] = None
            waiting += _imported(path)
    return code_digest(list(seen))


def _imported(path: Path) -> list[Path]:
    """Locates the modules that a file imports: siblings in its folder, and baselines."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError) as error:
        raise SubmissionError(f"{path} is not valid Python: {error}") from None
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names += [module, *(f"{module}.{alias.name}".lstrip(".") for alias in node.names)]
    files = [path.parent / f"{name.replace('.', '/')}.py" for name in names]
    files += [file for name in names if name.startswith(FOLLOWED) and (file := module_file(name))]
    return [file.resolve() for file in files if file.is_file()]


def module_file(name: str) -> Path | None:
    """Locates a module's file without importing anything of it but `spurgen` itself."""
    if name.startswith("spurgen."):
        place = Path(str(spurgen.benchmark.__file__)).parent
        roots = {
            "benchmark": place,
            **{p: place.parent / p for p in ("generators", "baselines", "harness", "submissions")},
        }
        _, top, *rest = name.split(".")
        base = roots.get(top, place / "missing").joinpath(*rest)
        return next((f for f in (base.with_suffix(".py"), base / "__init__.py") if f.is_file()), None)
    path: list[str] | None = None
    found = None
    for part in name.split("."):
        found = PathFinder.find_spec(part, path)
        if found is None:
            return None
        path = list(found.submodule_search_locations or [])
    return Path(found.origin) if found and found.origin else None
