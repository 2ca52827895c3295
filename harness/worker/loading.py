"""Load a submission from a path, a module, or an attribute of either; runs in the worker."""

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
    """Load `path/to/file.py` or `package.module`, either of them also with `:attribute`.

    A module may lie in the current folder. A class is called without arguments. A module without `predict`,
    `predict_proba` and `encode` may have the object in `submission`. Raise `SubmissionError` if something is missing.
    """
    target, name = _find(spec)
    if options:
        if not hasattr(target, "with_options"):
            raise SubmissionError(f"{spec} takes no options, but got {', '.join(options)}")
        target = target.with_options(**options)
    parts = {part: getattr(target, part, None) for part in PARTS}
    for part, value in parts.items():
        if value is not None and not callable(value):
            raise SubmissionError(f"{spec}: {part} must be a function, not {type(value).__name__}")
    if not any(parts[part] for part in PREDICTORS):
        raise SubmissionError(f"{spec} has none of predict(batch), predict_proba(batch) and encode(batch); add one")
    access = getattr(target, "ACCESS", "none")
    if not isinstance(access, str) or access not in ACCESS:
        raise SubmissionError(f"{spec}: ACCESS = {access!r}; choose from {', '.join(ACCESS)}")
    name = str(getattr(target, "NAME", name))
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise SubmissionError(f"{spec}: NAME = {name!r:.120} must have 1 to {LONGEST_NAME} printable characters")
    uses_generator = getattr(target, "USES_GENERATOR", False)
    if not isinstance(uses_generator, bool):
        raise SubmissionError(f"{spec}: USES_GENERATOR = {uses_generator!r:.120}; write True or False")
    return Submission(name, access, _modalities(spec, target), **parts, uses_generator=uses_generator)


def _modalities(spec: str, target: object) -> frozenset[str]:
    """Return the modalities of a submission, which names one or several."""
    declared = getattr(target, "MODALITIES", MODALITIES)
    listed = [declared] if isinstance(declared, str) else declared
    if isinstance(listed, list | tuple | set | frozenset) and listed and all(m in MODALITIES for m in map(str, listed)):
        return frozenset(map(str, listed))
    raise SubmissionError(f"{spec}: MODALITIES = {declared!r}; choose from {', '.join(sorted(MODALITIES))}")


def _find(spec: str) -> tuple[Any, str]:
    """Return the module, instance or attribute, and its default name."""
    path, attribute = split_spec(spec)
    try:
        module = _import_file(Path(path)) if path.endswith(".py") else _import_module(path)
    except SubmissionError:
        raise
    except SyntaxError as error:
        where = f"in line {error.lineno} of {error.filename}"
        raise SubmissionError(f"importing {path} failed: {type(error).__name__}: {error.msg}, {where}") from error
    except Exception as error:
        raise SubmissionError(f"importing {path} failed: {type(error).__name__}: {error}") from error
    target: Any = module
    if attribute:
        if not hasattr(module, attribute):
            raise SubmissionError(f"module {path} has no attribute {attribute!r}")
        target = getattr(module, attribute)
    elif not any(hasattr(module, part) for part in PREDICTORS):
        target = getattr(module, "submission", module)
    if isinstance(target, type):
        try:
            target = target()
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise SubmissionError(f"{spec}: calling {target.__name__}() without arguments failed: {reason}") from error
    return target, attribute if attribute not in ("", "submission") else module.__name__.rpartition(".")[2]


def _import_module(name: str) -> ModuleType:
    """Import a module, also from the current folder, where it cannot hide an installed one."""
    cwd = str(Path.cwd())
    if cwd not in sys.path:
        sys.path.append(cwd)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module exists but misses another
        raise SubmissionError(
            f"importing {name} failed: there is no module {error.name!r} among the installed packages "
            f"or in the current folder, {cwd}; a file is named by its path, such as folder/model.py"
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
