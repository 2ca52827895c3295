"""The pages of the Python API: a page per package from its docstrings, and a page per method."""

import inspect
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.benchmark.plugins import discover

PACKAGES = {
    "benchmark": "spurgen.benchmark",
    "generators": "spurgen.generators",
    "harness/metrics": "spurgen.harness.metrics",
    "harness/public/evaluation": "spurgen.evaluation",
    "baselines/training": "spurgen.baselines.training.toolkit",
}
METHODS = discover("spurgen.baselines")
PAGES = (
    {folder: f"api/{folder}.rst" for folder in PACKAGES}
    | {"baselines": "api/baselines.rst"}
    | {f"baselines/{name}.py": f"api/baselines/{name}.rst" for name in METHODS}
)
"""The folders and files of the repository that have a page here, and its place on the site."""

_COLUMNS = ("name", "default", "range", "a sweep draws from", "source")


def write(out: Path) -> None:
    """Write all pages to the folder `out`."""
    texts = {PAGES[folder]: package(folder, module) for folder, module in PACKAGES.items()}
    texts |= {PAGES[f"baselines/{name}.py"]: method(name) for name in METHODS}
    for page, text in (texts | {PAGES["baselines"]: methods()}).items():
        (out / page).parent.mkdir(parents=True, exist_ok=True)
        (out / page).write_text(text, encoding="utf-8")


def package(folder: str, module: str) -> str:
    """Return the page of a package: its docstring, then every public name, functions after classes."""
    loaded = import_module(module)
    public = [(name, getattr(loaded, name)) for name in loaded.__all__]
    classes = [name for name, value in public if inspect.isclass(value)]
    functions = [name for name, value in public if inspect.isroutine(value)]
    parts = [_title(module, ":orphan:\n\n" * (folder == "baselines/training")), f".. automodule:: {module}\n"]
    for heading, names, directive in (("Classes", classes, "autoclass"), ("Functions", functions, "autofunction")):
        parts += [_title(heading, line="-")] * bool(names)
        members = "   :members:\n" * (directive == "autoclass")
        parts += [f".. {directive}:: {module}.{name}\n{members}" for name in names]
    return "\n".join(parts)


def methods() -> str:
    """Return the list of methods: a line for each, by access tier."""
    lines = [_title("Methods"), "Each method is a file of ``baselines/``; its page has the whole file.\n"]
    lines += [".. list-table::\n   :header-rows: 1\n   :widths: 18 18 64\n", *_row("method", "access", "what it is")]
    for name, module in METHODS.items():
        summary = (inspect.getdoc(module) or "").partition("\n")[0]
        lines += _row(f":doc:`{name} <baselines/{name}>`", f"``{module.submission.ACCESS}``", summary)
    hidden = ["", ".. toctree::\n   :hidden:\n", *(f"   baselines/{name}" for name in METHODS)]
    return "\n".join([*lines, *hidden, ""])


def method(name: str) -> str:
    """Return the page of a method: its docstring, its hyper-parameters and its file."""
    module = METHODS[name]
    submission = module.submission
    lines = [_title(name), f".. automodule:: {module.__name__}\n", f"Access tier: ``{submission.ACCESS}``.\n"]
    lines += [_title("Hyper-parameters", line="-"), ".. list-table::\n   :header-rows: 1\n"]
    lines += _row(*_COLUMNS)
    for field in sorted(fields(submission.HYPERPARAMETERS), key=lambda field: field.name in _common()):
        lines += _row(f"``{field.name}``", *_described(field, getattr(submission.HYPERPARAMETERS, field.name)))
    shown = ["", _title("Code", line="-"), f".. code-block:: python\n   :caption: baselines/{name}.py\n"]
    shown += [f"   {line}".rstrip() for line in inspect.getsource(module).splitlines()]
    return "\n".join([*lines, *shown, ""])


def _common() -> set[str]:
    return {field.name for field in fields(Recipe)}


def _described(field: Any, value: object) -> list[str]:  # noqa: ANN401  # a field whose metadata `within` wrote
    facts = field.metadata
    limits = f"{facts['ge']:g} to {facts['le']:g}" if "ge" in facts else " "
    return [f"``{value}``", limits, str(facts["search"] or "not varied"), facts["source"]]


def _row(*cells: str) -> list[str]:
    return [f"   {'* ' if place == 0 else '  '}- {cell}" for place, cell in enumerate(cells)]


def _title(text: str, before: str = "", line: str = "=") -> str:
    return f"{before}{text}\n{line * len(text)}\n"
