"""Where a submission's behaviour lies: its file, what it imports of the user's own, and the files it declares."""

import ast
import os
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path

import spurgen.benchmark
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.specs import split_spec

HOME = Path(str(spurgen.benchmark.__file__)).parent.parent
DECLARED = "FILES"
WITHHELD = ("generators", "harness", "benchmark")
MOST = 2000  # files that are declared: each is shown to the sandbox by itself, and a command line has an end
FOLLOWED = "submissions"  # adapters and examples; the rest of spurgen has versions


def submission_files(spec: str) -> dict[str, Path]:
    """Maps module names to a submission's own files, and `FILES/<name>` to the data files that it declares.

    Imports are followed into the submission's folder, its package and whatever else of Python's path is
    not installed: a library's version is no part of a submission. What is imported by a computed name is
    not found; a submission declares it in `FILES`. What makes or scores the data is none of its files,
    wherever it lies. All is read, nothing imported. Raises `SubmissionError` for what is not there, is not
    Python, or is declared otherwise than in plain words.
    """
    head, _ = split_spec(spec)
    name, places, top = head, [*map(Path, sys.path)], head.partition(".")[0]
    own = [place for place in places if not installed(place)]
    if head.endswith(".py"):
        start = Path(head)
        if "." in start.stem:
            raise SubmissionError(f"{spec}: a module's name holds no dots; rename the file, such as to my_model.py")
        name, own, top = start.stem, [start.resolve().parent, *own], ""
        found = {name: start} if start.is_file() else {}
    else:  # what the worker imports by name may lie in the current folder, its helpers beside it
        places, own = [*places, Path.cwd()], [*own, Path.cwd()]
        found = _of_spurgen(head) if top == "spurgen" else locate(head, places)
    if name not in found:
        raise SubmissionError(
            f"there is no submission {spec}, seen from {Path.cwd()}; give a path to a .py file or a module's name"
        )
    seen: dict[str, Path] = {}
    waiting = list(found.items())
    while waiting:
        module, path = waiting.pop()
        if module not in seen:
            seen[module] = path
            for wanted in _imported(module, path):
                if wanted.partition(".")[0] == "spurgen":
                    waiting += [item for item in _of_spurgen(wanted).items() if item[0].split(".")[1:2] == [FOLLOWED]]
                else:
                    some = locate(wanted, places if wanted.partition(".")[0] == top else own)
                    waiting += [item for item in some.items() if not _withheld(item[1])]
    return seen | _declared(found[name])


def locate(name: str, places: list[Path]) -> dict[str, Path]:
    """Maps a module, and the packages it is in, to their files, as far as they are there, the first place first."""
    found: dict[str, Path] = {}
    parts = name.split(".")
    folders = [str(place) for place in places]  # words, since a cell asks for a thousand names, most of them nowhere
    for depth, part in enumerate(parts, 1):
        files = (file for folder in folders for file in (f"{folder}/{part}/__init__.py", f"{folder}/{part}.py"))
        first = next(filter(os.path.isfile, files), None)
        if first is None:
            folders = [f"{folder}/{part}" for folder in folders]  # perhaps a package without an __init__
        else:
            path = found[".".join(parts[:depth])] = Path(first)
            folders = [str(path.parent)] if path.name == "__init__.py" else []
    return found


def read(path: Path) -> bytes:
    """Reads a file; raises `SubmissionError` that names it if that cannot be done."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise SubmissionError(f"cannot read {path}: {error}; restore it, or mend what names it") from None


def not_python(path: Path, error: Exception) -> SubmissionError:
    """Makes the error for a source that is no Python."""
    where = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)
    return SubmissionError(f"{path} is not valid Python: {where}")


def installed(place: Path) -> bool:
    """Says whether a place of Python's path holds what was installed: libraries, Python's own or others'."""
    own = [Path(sysconfig.get_path(part)) for part in ("stdlib", "platstdlib")]
    return bool({"site-packages", "dist-packages"} & set(place.parts)) or any(
        place.is_relative_to(one) for one in own
    )  # fmt: skip


def _withheld(path: Path) -> bool:
    """Says whether a file makes the data, or holds or judges answers."""
    return any(path.resolve().is_relative_to(HOME / name) for name in WITHHELD)


def _of_spurgen(name: str) -> dict[str, Path]:
    """Locates a module of SpurGen, whose packages may lie anywhere together."""
    return {f"spurgen.{key}": path for key, path in locate(name.partition(".")[2], [HOME]).items()}


def _imported(module: str, path: Path) -> list[str]:
    """Names the modules that a file may import; some of the names are only attributes of modules."""
    try:
        imports = _imports(read(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise not_python(path, error) from None
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    bases = {level: package[: len(package) - level + 1] if level else [] for level, _ in imports}
    names = (".".join([*bases[level], *([name] if name else [])]) for level, name in imports)
    return [name for name in names if name]


@lru_cache(maxsize=4096)
def _imports(source: bytes) -> tuple[tuple[int, str], ...]:
    """Lists a source's imports: how many dots, and the name."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found += [(node.level, module), *((node.level, f"{module}.{a.name}".lstrip(".")) for a in node.names)]
    return tuple(found)


def _declared(start: Path) -> dict[str, Path]:
    """Locates the files that a submission lists in `FILES`, relative to its own; a folder stands for all in it."""
    found: dict[str, Path] = {}
    for node in ast.parse(read(start)).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if value is None or not any(isinstance(t, ast.Name) and t.id == DECLARED for t in targets):
            continue
        for name in _words(start, value):
            for key, path in _inside(start, name).items():
                found[f"{DECLARED}/{key}"] = path
    if len(found) > MOST:
        raise SubmissionError(
            f"{start}: {DECLARED} names {len(found)} files, more than {MOST}; pack them into one, such as a .zip"
        )
    return found


def _inside(start: Path, name: str) -> dict[str, Path]:
    """Maps names to the file that is declared, or to all in the folder that is.

    What lies outside the submission's own folder, or is no regular file, is refused: a stranger would be shown it.
    """
    home, path = start.resolve().parent, start.parent / name
    if not path.exists():
        raise SubmissionError(f"{start}: {DECLARED} names {name}, but there is no file or folder {path}")
    below = [file for file in sorted(path.rglob("*")) if not file.is_dir()] if path.is_dir() else [path]
    for file in below:
        if _withheld(file):
            raise SubmissionError(f"{start}: {DECLARED} names {name}, and {file} is not shown to submissions; leave it")
        if not file.resolve().is_relative_to(home) or not file.is_file():
            raise SubmissionError(
                f"{start}: {DECLARED} names {name}, and {file} is no plain file in {home}; copy it there"
            )
    return {f"{name}/{f.relative_to(path).as_posix()}": f for f in below} if path.is_dir() else {name: path}


def _words(start: Path, value: ast.expr) -> list[str]:
    try:
        listed = ast.literal_eval(value)
    except (ValueError, TypeError):
        listed = None
    if not isinstance(listed, list | tuple | set) or not all(isinstance(name, str) for name in listed):
        raise SubmissionError(
            f'{start}: {DECLARED} must be a list of names in quotes, such as ["weights.npy"]; it is read, never run'
        )
    return [*listed]
