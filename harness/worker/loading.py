"""Loading a submission from a path, a module, or an attribute of either: in the worker only."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from spurgen.benchmark.contract import ACCESS, Submission
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.specs import split_spec

PREDICTORS = ("predict", "predict_proba", "encode")
PARTS = ("fit", *PREDICTORS, "report", "checkpoints", "restore")
MODALITIES = frozenset({"image", "text", "multimodal"})
LONGEST_NAME = 100  # characters


def load_submission(spec: str, options: Mapping[str, Any] | None = None) -> Submission:
    """Loads `path/to/file.py` or `package.module`, either of them also with `:attribute`.

    A module may lie in the current folder. A class is called without arguments. A module without
    `predict`, `predict_proba` and `encode` may hold the object in `submission`. Raises
    `SubmissionError` and says what is missing.
    """
    found, name = _find(spec)
    if options:
        if not hasattr(found, "with_options"):
            raise SubmissionError(f"{spec} takes no options, but got {', '.join(options)}")
        found = found.with_options(**options)
    parts = {part: getattr(found, part, None) for part in PARTS}
    for part, value in parts.items():
        if value is not None and not callable(value):
            raise SubmissionError(f"{spec}: {part} must be a function, not {type(value).__name__}")
    if not any(parts[part] for part in PREDICTORS):
        raise SubmissionError(f"{spec} has none of predict(batch), predict_proba(batch) and encode(batch); add one")
    access = getattr(found, "ACCESS", "none")
    if not isinstance(access, str) or access not in ACCESS:
        raise SubmissionError(f"{spec}: ACCESS = {access!r}; choose from {', '.join(ACCESS)}")
    name = str(getattr(found, "NAME", name))
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise SubmissionError(f"{spec}: NAME = {name!r:.120} must have 1 to {LONGEST_NAME} printable characters")
    return Submission(name, access, _modalities(spec, found), **parts)


def _modalities(spec: str, found: object) -> frozenset[str]:
    """Returns what a submission takes: a word or several."""
    given = getattr(found, "MODALITIES", MODALITIES)
    listed = [given] if isinstance(given, str) else given
    if isinstance(listed, list | tuple | set | frozenset) and listed and all(m in MODALITIES for m in map(str, listed)):
        return frozenset(map(str, listed))
    raise SubmissionError(f"{spec}: MODALITIES = {given!r}; choose from {', '.join(sorted(MODALITIES))}")


def _find(spec: str) -> tuple[Any, str]:
    """Returns the module, instance or attribute, and its default name."""
    path, attribute = split_spec(spec)
    try:
        module = _import_file(Path(path)) if path.endswith(".py") else _import_module(path)
    except SubmissionError:
        raise
    except SyntaxError as error:
        told = f"{type(error).__name__}: {error.msg}, in line {error.lineno} of {error.filename}"
        raise SubmissionError(f"importing {path} failed: {told}") from error
    except Exception as error:
        raise SubmissionError(f"importing {path} failed: {type(error).__name__}: {error}") from error
    found: Any = module
    if attribute:
        if not hasattr(module, attribute):
            raise SubmissionError(f"module {path} has no attribute {attribute!r}")
        found = getattr(module, attribute)
    elif not any(hasattr(module, part) for part in PREDICTORS):
        found = getattr(module, "submission", module)
    if isinstance(found, type):
        try:
            found = found()
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            raise SubmissionError(f"{spec}: calling {found.__name__}() without arguments failed: {told}") from error
    return found, attribute if attribute not in ("", "submission") else module.__name__.rpartition(".")[2]


def _import_module(name: str) -> ModuleType:
    """Imports a module; one in the current folder as well, but none that hides an installed one."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module is there, and misses another
        raise SubmissionError(
            f"importing {name} failed: there is no module {error.name!r} among the installed packages "
            f"or in the current folder, {here}; a file is named by its path, such as folder/model.py"
        ) from None


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise SubmissionError(f"there is no file {path}, seen from {Path.cwd()}")
    sys.path.insert(0, str(path.resolve().parent))  # so that a submission may have helpers beside it
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SubmissionError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
