"""Loading a submission from a path, a module, or an attribute of a module: in the worker only."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from spurgen.benchmark.contract import ACCESS, Submission
from spurgen.benchmark.errors import SubmissionError

MODALITIES = frozenset({"image", "text", "multimodal"})


def load_submission(spec: str, options: Mapping[str, Any] | None = None) -> Submission:
    """Loads `path/to/file.py`, `package.module` or `package.module:attribute`.

    A class is called without arguments. A module without `predict`, `predict_proba` and `encode` may
    hold the object in `submission`. Raises `SubmissionError` and says what is missing.
    """
    found, name = _find(spec)
    if options:
        if not hasattr(found, "with_options"):
            raise SubmissionError(f"{spec} takes no options, but got {', '.join(options)}")
        found = found.with_options(**options)
    parts = {part: getattr(found, part, None) for part in ("fit", "predict", "predict_proba", "encode")}
    for part, value in parts.items():
        if value is not None and not callable(value):
            raise SubmissionError(f"{spec}: {part} must be a function, not {type(value).__name__}")
    if not any((parts["predict"], parts["predict_proba"], parts["encode"])):
        raise SubmissionError(f"{spec} has none of predict(batch), predict_proba(batch) and encode(batch); add one")
    access = getattr(found, "ACCESS", "none")
    if access not in ACCESS:
        raise SubmissionError(f"{spec}: ACCESS = {access!r}; choose from {', '.join(ACCESS)}")
    modalities = getattr(found, "MODALITIES", MODALITIES)
    modalities = frozenset({modalities} if isinstance(modalities, str) else modalities)
    if not modalities <= MODALITIES:
        raise SubmissionError(f"{spec}: MODALITIES = {set(modalities)!r}; choose from {', '.join(sorted(MODALITIES))}")
    return Submission(str(getattr(found, "NAME", name)), access, modalities, **parts)


def _find(spec: str) -> tuple[Any, str]:
    """Returns the module, instance or attribute, and its default name."""
    path, _, attribute = spec.partition(":") if not spec.endswith(".py") else (spec, "", "")
    try:
        module = _import_file(Path(path)) if path.endswith(".py") else importlib.import_module(path)
    except SubmissionError:
        raise
    except Exception as error:
        raise SubmissionError(f"importing {path} failed: {type(error).__name__}: {error}") from error
    found: Any = module
    if attribute:
        if not hasattr(module, attribute):
            raise SubmissionError(f"module {path} has no attribute {attribute!r}")
        found = getattr(module, attribute)
    elif not any(hasattr(module, part) for part in ("predict", "predict_proba", "encode")):
        found = getattr(module, "submission", module)
    if isinstance(found, type):
        found = found()
    return found, attribute if attribute not in ("", "submission") else module.__name__.rpartition(".")[2]


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise SubmissionError(f"there is no file {path}")
    sys.path.insert(0, str(path.parent))  # so that a submission may have helpers beside it
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SubmissionError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
