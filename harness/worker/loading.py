"""Load a submission from a path, a module, or an attribute of either; runs in the worker."""

import importlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from spurgen.benchmark.contract import ACCESS, Modality, Submission
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.plugins import split_spec
from spurgen.benchmark.suggest import similar, suggestion

PREDICTORS = ("predict", "predict_proba", "encode")
PARTS = ("fit", *PREDICTORS, "report")
MODALITIES = frozenset(get_args(Modality))
LONGEST_NAME = 100  # characters
ALIKE = 0.7  # of difflib: how similar a misspelled name is


def load_submission(spec: str, options: Mapping[str, Any] | None = None) -> Submission:
    """Load `path/to/file.py` or `package.module`, either of them also with `:attribute`.

    A module may lie in the current folder. A class is called without arguments. A module without `predict`,
    `predict_proba` and `encode` may have the object in `submission`. The module may declare what the object does not.
    Raise `SubmissionError` if something is missing.
    """
    module, target, name = _find(spec)
    if options:
        if not hasattr(target, "with_options"):
            raise SubmissionError(f"{spec} takes no options, but got {', '.join(options)}")
        target = target.with_options(**options)
    parts = {part: getattr(target, part, None) for part in PARTS}
    for part, value in parts.items():
        if value is not None and not callable(value):
            raise SubmissionError(f"{spec}: {part} must be a function, not {type(value).__name__}")
    if not any(parts[part] for part in PREDICTORS):
        nothing = f"{spec} has none of predict(batch), predict_proba(batch) and encode(batch)"
        raise SubmissionError(f"{nothing}; {_instead(spec, target)}")
    _check_spelling(spec, module, target)
    access = _declared("ACCESS", "none", module, target)
    if not isinstance(access, str) or access not in ACCESS:
        raise SubmissionError(f"{spec}: ACCESS = {access!r}; {_closest(access, ACCESS)}")
    name = str(_declared("NAME", name, module, target))
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise SubmissionError(f"{spec}: NAME = {name!r:.120} must have 1 to {LONGEST_NAME} printable characters")
    uses_generator = _declared("USES_GENERATOR", False, module, target)
    if not isinstance(uses_generator, bool):
        raise SubmissionError(f"{spec}: USES_GENERATOR = {uses_generator!r:.120}; write True or False")
    modalities = _modalities(spec, _declared("MODALITIES", MODALITIES, module, target))
    return Submission(name, access, modalities, **parts, uses_generator=uses_generator)


def described(submission: Submission) -> dict[str, Any]:
    """Return what the scorer is told of a submission: the fields of its `About`."""
    return {
        "name": submission.name, "access": submission.access, "modalities": sorted(submission.modalities),
        "offers": [part for part in PARTS if getattr(submission, part) is not None],
        "uses_generator": submission.uses_generator,
    }  # fmt: skip


def _declared(name: str, default: Any, module: ModuleType, target: object) -> Any:  # noqa: ANN401  # of any type
    """Return what an object declares, or else its module."""
    return getattr(target, name, getattr(module, name, default))


def _modalities(spec: str, declared: object) -> frozenset[str]:
    """Return the modalities of a submission, which names one or several."""
    listed = [declared] if isinstance(declared, str) else declared
    if isinstance(listed, list | tuple | set | frozenset) and listed and all(m in MODALITIES for m in map(str, listed)):
        return frozenset(map(str, listed))
    raise SubmissionError(f"{spec}: MODALITIES = {declared!r}; {_closest(listed, sorted(MODALITIES))}")


def _closest(declared: object, known: Iterable[str]) -> str:
    """Suggest what a declaration means by the first value in it that is not known."""
    values = declared if isinstance(declared, list | tuple | set | frozenset) else [declared]
    unknown = [value for value in values if isinstance(value, str) and value not in known]
    return suggestion(unknown[0], known) if unknown else f"choose from {', '.join(known)}"


def _check_spelling(spec: str, module: ModuleType, target: object) -> None:
    """Raise `SubmissionError` if a constant of a module or class resembles a missing declaration and its value fits.

    Attributes of an instance and lower-case names are the submission's own variables.
    """
    constants = {name: value for owner in (module, *type(target).__mro__) for name, value in vars(owner).items()}
    for declaration, known in (("MODALITIES", MODALITIES), ("ACCESS", ACCESS)):
        declared = hasattr(target, declaration) or hasattr(module, declaration)
        for name, value in constants.items() if not declared else ():
            values = value if isinstance(value, list | tuple | set | frozenset) else [value]
            fits = values and all(isinstance(item, str) and item in known for item in values)
            if fits and get_close_matches(name, [declaration], cutoff=ALIKE):
                raise SubmissionError(f"{spec}: {name} = {value!r} has no effect; write {declaration} = {value!r}")


def _instead(spec: str, target: object) -> str:
    """Return how a class or an object that a module defines becomes the submission, or which function to rename."""
    path, _ = split_spec(spec)
    members = vars(target) if isinstance(target, ModuleType) else {}
    for name, value in members.items():
        kind = value if isinstance(value, type) else type(value)
        if kind.__module__ == members["__name__"] and any(hasattr(kind, part) for part in PREDICTORS):
            made = f"{name}()" if kind is value else name
            return f"write `submission = {made}` in its last line, or name it as {path}:{name}"
    near = [name for name in members if get_close_matches(name.casefold(), PREDICTORS, cutoff=ALIKE)]
    return f"rename {near[0]}" if near else "add one"


def _find(spec: str) -> tuple[ModuleType, Any, str]:
    """Return the module, the object in it that is the submission, and the submission's default name."""
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
    return module, target, attribute if attribute not in ("", "submission") else module.__name__.rpartition(".")[2]


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
        near = similar(path.name, (other.name for other in sorted(path.parent.glob("*.py"))))
        raise SubmissionError(f"there is no file {path}, seen from {Path.cwd()}" + f"; {near}" * bool(near))
    sys.path.insert(0, str(path.resolve().parent))  # so that a submission may have helpers beside it
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SubmissionError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
