"""Identity of a result: a digest of the data, the submission, and the versions of SpurGen's own code.

Data are identified by their manifest, a user's submission by the bytes of its files, pretrained weights by their
digest, and SpurGen's own code by version numbers that are raised when metrics change. `tests/golden` fails when a
version must be raised. Renaming, moving or reformatting code therefore makes no result stale.
"""

import ast
import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import spurgen.benchmark
from spurgen.baselines.training.encoders import backbone_digest
from spurgen.baselines.training.version import TRAINING_VERSION, method_version
from spurgen.benchmark.errors import MissingError, ReadError, SubmissionError
from spurgen.benchmark.plugins import BASELINES, is_baseline, names_in, split_spec
from spurgen.benchmark.reading import open_plain, read_bytes
from spurgen.benchmark.result import Result
from spurgen.benchmark.task import Task

SCORING_VERSION = 1
"""Raise it when the same predictions give other values of a metric, or when submissions get other data or queries.

A metric that is added makes no result stale: older results lack it.
"""
HOME = Path(str(spurgen.benchmark.__file__)).parent.parent
DECLARED = "FILES"
RESULTS = "spurgen-results"  # the default folder of a user's results
ROW_BEGINS = b'{"schema_version":'  # a file of stored results
WITHHELD = ("generators", "harness", "benchmark")
MAX_FILES = 2000  # in FILES: each is an argument of bubblewrap, whose command line is limited
SOURCE_BYTES, DATA_BYTES = 1 << 20, 1 << 34  # parsing a MiB of source takes Python half a GiB of memory
FOLLOWED = "submissions"  # adapters and examples; version numbers identify the rest of spurgen


def job_identity(
    task: Task, submission: str, *, data: str, seed: int, options: Mapping[str, Any], uncorrelated: bool = False,
    matched: bool = False, draw: int = 0,
) -> str:  # fmt: skip
    """Return the SHA-256 of everything that a job's metrics depend on, except the device and library versions.

    Those are recorded in the result's provenance: they change the last digits of sums, and affect training as much as
    another seed does. `submission`: from `submission_digest`. `data`: the digest of the frozen data or the scenario.
    `matched` and `draw` are named only where they are not the default, so that every other job keeps its identity.
    """
    return _sha256(
        {
            "suite": task.scenario.suite, "task": task.name, "modality": task.modality, "backbone": task.backbone,
            "weights": backbone_digest(task.backbone), "seed": seed, "uncorrelated": uncorrelated,
            "options": dict(options), "submission": submission, "data": data,
            "scoring": SCORING_VERSION,
            **({"matched": True} if matched else {}), **({"draw": draw} if draw else {}),
        }
    )  # fmt: skip


def submission_digest(spec: str) -> str:
    """Return the SHA-256 that identifies a submission: of a baseline's versions, or of the bytes of other files.

    A submission that imports our training code also depends on `TRAINING_VERSION` and the versions of the methods that
    it imports. Raise `SubmissionError` if a file cannot be read or is not Python.
    """
    if is_baseline(spec):
        name = split_spec(spec)[0].removeprefix(f"{BASELINES}.")
        return _baseline_digest(name, method_version(name), TRAINING_VERSION)
    files = submission_files(spec)
    digests = {name: sha256_of(path) for name, path in files.items()}
    parts: dict[str, Any] = {"files": digests, "attribute": split_spec(spec)[1]}
    ours = {name for name in imported_of_ours(files) if f"{name}.".startswith(f"{BASELINES}.")}
    if ours:
        methods = sorted({name.split(".")[2] for name in ours if name.count(".") >= 2} & set(names_in(BASELINES)))
        parts |= {"training": TRAINING_VERSION, "methods": {name: method_version(name) for name in methods}}
    return _sha256(parts)


def is_current_baseline(result: Result) -> bool:
    """Return whether a result is that of one of our methods, in its current version and with its own settings.

    What a row claims about itself does not count: its digest must be that of the method that it names.
    """
    return not result.options and result.submission_sha256 in _digests_of_ours(result.spec)[-1:]


def is_of_our_code(result: Result) -> bool:
    """Return whether a result is that of one of our methods, in any version and with any settings: by its digest."""
    return result.submission_sha256 in _digests_of_ours(result.spec)


@cache
def _digests_of_ours(spec: str) -> tuple[str, ...]:
    """Return the digests of all versions of one of our methods, the current one last; none of other submissions."""
    name = split_spec(spec)[0].removeprefix(f"{BASELINES}.")
    if not is_baseline(spec) or name not in names_in(BASELINES):
        return ()
    so_far = product(range(1, method_version(name) + 1), range(1, TRAINING_VERSION + 1))
    return tuple(_baseline_digest(name, *versions) for versions in so_far)


def _baseline_digest(name: str, version: int, training: int) -> str:
    return _sha256({"baseline": name, "version": version, "training": training})


def _sha256(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def submission_files(spec: str) -> dict[str, Path]:
    """Return a submission's own files by module name, and the data files that it declares as `FILES/<name>`.

    Imports are followed into the submission's folder, its package, and everything else on Python's path that is not
    an installed library. A module imported by a computed name is not detected; a submission declares it in `FILES`.
    Generator and scoring code is excluded. Files are read, never imported. Raise `SubmissionError` if a file is
    missing or not Python, or leads out of the folder in which it was found, or if `FILES` is not a literal list of
    names.
    """
    head, _ = split_spec(spec)
    name, places, top = head, [*map(Path, sys.path)], head.partition(".")[0]
    own = [place for place in places if not installed(place)]
    if head.endswith(".py"):
        start = Path(head)
        if "." in start.stem:
            raise SubmissionError(f"{spec}: a module's name holds no dots; rename the file, such as to my_model.py")
        name, own, top = start.stem, [_real(start).parent, *own], ""
        located = {name: start} if start.is_file() else {}
    else:  # a module may lie in the current folder, and its helpers beside it
        places, own = [*places, Path.cwd()], [*own, Path.cwd()]
        located = _of_spurgen(head) if top == "spurgen" else locate(head, places)
    if name not in located:
        raise SubmissionError(
            f"there is no submission {spec}, seen from {Path.cwd()}; give a path to a .py file or a module's name"
        )
    start, files = located[name], dict[str, Path]()
    waiting = list(located.items())
    while waiting:
        module, path = waiting.pop()
        if module not in files:
            files[module] = path
            for wanted in _imported(module, path):
                if wanted.partition(".")[0] == "spurgen":
                    waiting += [item for item in _of_spurgen(wanted).items() if item[0].split(".")[1:2] == [FOLLOWED]]
                else:
                    searched = places if wanted.partition(".")[0] == top else own
                    helpers = {name: path for name, path in locate(wanted, searched).items() if not _withheld(path)}
                    for helper in helpers.values():
                        _check_inside(helper, searched)
                    waiting += [*helpers.items()]
    return files | _declared(start)


def imported_of_ours(files: Mapping[str, Path]) -> set[str]:
    """Return the names of our own code that a submission's files import: of modules, and of what is in them."""
    sources = ((module, path) for module, path in files.items() if not module.startswith(DECLARED))
    return {name for module, path in sources for name in _imported(module, path) if name.startswith("spurgen.")}


def imports_generator(spec: str) -> bool:
    """Return whether a submission imports the generators, or the harness, which has them.

    Raise what `submission_files` raises.
    """
    return any(name.split(".")[1] in ("generators", "harness") for name in imported_of_ours(submission_files(spec)))


def locate(name: str, places: list[Path]) -> dict[str, Path]:
    """Return the files of a module and of the packages that contain it, by name; the first place with a file wins."""
    located: dict[str, Path] = {}
    parts = name.split(".")
    folders = [str(place) for place in places]  # str is faster than Path, and thousands of names are looked up
    for depth, part in enumerate(parts, 1):
        files = (file for folder in folders for file in (f"{folder}/{part}/__init__.py", f"{folder}/{part}.py"))
        first = next(filter(os.path.isfile, files), None)
        if first is None:
            folders = [f"{folder}/{part}" for folder in folders]  # maybe a namespace package
        else:
            path = located[".".join(parts[:depth])] = Path(first)
            folders = [str(path.parent)] if path.name == "__init__.py" else []
    return located


def read(path: Path) -> bytes:
    """Return a source file's bytes; raise `SubmissionError` if it cannot be read or is no plain file."""
    try:
        return read_bytes(path, SOURCE_BYTES)
    except ReadError as error:
        raise SubmissionError(*error.args) from None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a submission's source or data file; raise `SubmissionError` as `read` does."""
    try:
        with open_plain(path, DATA_BYTES) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except ReadError as error:
        raise SubmissionError(*error.args) from None


def not_python(path: Path, error: Exception) -> SubmissionError:
    """Return the error for a source that is not valid Python."""
    where = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)
    return SubmissionError(f"{path} is not valid Python: {where}")


def installed(place: Path) -> bool:
    """Return whether a place on Python's path contains installed libraries, Python's own included."""
    return bool({"site-packages", "dist-packages"} & set(place.parts)) or any(map(place.is_relative_to, _standard()))


@cache
def _standard() -> list[str]:
    """Return the folders of Python's own library, looked up once."""
    return [sysconfig.get_path(part) for part in ("stdlib", "platstdlib")]


def _withheld(path: Path) -> bool:
    """Return whether a file is withheld from submissions: generator code, scoring code, or results."""
    real = _real(path)
    return RESULTS in real.parts or any(real.is_relative_to(HOME / name) for name in WITHHELD) or _is_row(real)


def _is_row(path: Path) -> bool:
    """Return whether a file holds stored results, in whatever folder, or the arrays of such a file beside it."""
    text = path.with_suffix(".jsonl") if path.suffix == ".npz" else path
    with suppress(ReadError, MissingError), open_plain(text, DATA_BYTES) as file:
        return file.read(len(ROW_BEGINS)) == ROW_BEGINS
    return False


def _real(path: Path) -> Path:
    """Return a path with symbolic links followed; unlike `Path.resolve`, also for a link that leads to itself."""
    return Path(os.path.realpath(path))


def _check_inside(path: Path, places: Sequence[Path]) -> None:
    """Raise `SubmissionError` for a module that is a link out of the folder in which it was found."""
    home = max((place for place in places if path.is_relative_to(place)), key=lambda place: len(place.parts))
    if not _real(path).is_relative_to(_real(home)):
        raise SubmissionError(f"{path} is imported and leads to {_real(path)}, outside {home}; copy that file there")


def _of_spurgen(name: str) -> dict[str, Path]:
    """Return the files of a module of SpurGen and of the packages that contain it, by name."""
    return {f"spurgen.{key}": path for key, path in locate(name.partition(".")[2], [HOME]).items()}


def _imported(module: str, path: Path) -> list[str]:
    """Return the names that a file may import: of modules, and of attributes of modules."""
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
    """Return a source's imports: the number of leading dots, and the name."""
    imports: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imports += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            imports += [(node.level, module), *((node.level, f"{module}.{a.name}".lstrip(".")) for a in node.names)]
    return tuple(imports)


def _declared(start: Path) -> dict[str, Path]:
    """Return the files that a submission lists in `FILES`, relative to its own; a folder means all files in it."""
    files: dict[str, Path] = {}
    for node in ast.parse(read(start)).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if value is None or not any(isinstance(t, ast.Name) and t.id == DECLARED for t in targets):
            continue
        for name in _words(start, value):
            for key, path in _inside(start, name).items():
                files[f"{DECLARED}/{key}"] = path
    if len(files) > MAX_FILES:
        raise SubmissionError(
            f"{start}: {DECLARED} names {len(files)} files, more than {MAX_FILES}; pack them into one, such as a .zip"
        )
    return files


def _inside(start: Path, name: str) -> dict[str, Path]:
    """Return the declared file, or all files in the declared folder except hidden ones, by name.

    Raise `SubmissionError` for files outside the submission's folder, for hidden ones, and for special files: the
    sandbox would expose them to the submission.
    """
    home, path = _real(start).parent, start.parent / name
    problem = f"{start}: {DECLARED} names {name}"
    if not path.exists():  # also True for a name with NUL or half a surrogate pair
        raise SubmissionError(f"{problem}, but there is no file or folder {path}")
    if _hidden(path, home):
        raise SubmissionError(f"{problem}, which is hidden (a name that starts with a dot); rename it")
    if not _real(path).is_relative_to(home):
        raise SubmissionError(f"{problem}, and {path} is no plain file in {home}; copy it there")
    below = _below(path, home, problem) if path.is_dir() else [path]
    for file in below:
        if _withheld(file):
            raise SubmissionError(f"{problem}, and {file} is not shown to submissions; leave it out")
        if not _real(file).is_relative_to(home) or not file.is_file():
            raise SubmissionError(f"{problem}, and {file} is no plain file in {home}; copy it there")
    return {f"{name}/{f.relative_to(path).as_posix()}": f for f in below} if path.is_dir() else {name: path}


def _below(folder: Path, home: Path, problem: str) -> list[Path]:
    """List the files in a folder except hidden ones; raise `SubmissionError` as soon as there are too many."""
    below: list[Path] = []
    for file in folder.rglob("*"):
        if not _hidden(file, home) and not (file.is_dir() and not file.is_symlink()):
            below.append(file)
        if len(below) > MAX_FILES:
            raise SubmissionError(f"{problem}, with more than {MAX_FILES} files; pack them into one, such as a .zip")
    return sorted(below)


def _hidden(path: Path, home: Path) -> bool:
    """Return whether a path or its target is hidden, or lies in a hidden folder, within the submission's folder."""
    below = [place.relative_to(home).parts for place in (path.absolute(), _real(path)) if place.is_relative_to(home)]
    return any(part.startswith(".") and part != ".." for parts in below for part in parts)


def _words(start: Path, value: ast.expr) -> list[str]:
    try:
        listed = ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        listed = None
    if not isinstance(listed, list | tuple | set) or not all(isinstance(name, str) for name in listed):
        raise SubmissionError(
            f'{start}: {DECLARED} must be a list of names in quotes, such as ["weights.npy"]; it is read, never run'
        )
    return [*listed]
