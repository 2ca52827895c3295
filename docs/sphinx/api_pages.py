"""The pages of the Python API: a page per package from its docstrings, and a page per method."""

import inspect
from dataclasses import fields
from importlib import import_module
from pathlib import Path

from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.benchmark.plugins import discover
from spurgen.harness.machine.printing import markdown_table

PACKAGES = {
    "benchmark": "spurgen.benchmark",
    "generators": "spurgen.generators",
    "harness/metrics": "spurgen.harness.metrics",
    "harness/public/evaluation": "spurgen.evaluation",
    "baselines/training": "spurgen.baselines.training.toolkit",
}
METHODS = discover("spurgen.baselines")
PAGES = {folder: f"api/{folder}.md" for folder in (*PACKAGES, "baselines")} | {
    f"baselines/{name}.py": f"api/baselines/{name}.md" for name in METHODS
}
"""The folders and files of the repository that have a page here, and its place on the site."""


def write(out: Path) -> None:
    """Write all pages to the folder `out`."""
    texts = {folder: package(folder, module) for folder, module in PACKAGES.items()} | {"baselines": methods()}
    for path, text in (texts | {f"baselines/{name}.py": method(name) for name in METHODS}).items():
        (out / PAGES[path]).parent.mkdir(parents=True, exist_ok=True)
        (out / PAGES[path]).write_text(text, encoding="utf-8")


def package(folder: str, module: str) -> str:
    """Return the page of a package: its docstring, then every public name, functions after classes."""
    loaded = import_module(module)
    parts = ["---\norphan: true\n---\n"] * (folder == "baselines/training")
    parts += [f"# {module}\n", _documented("module", module)]
    for heading, kind, is_kind in (("Classes", "class", inspect.isclass), ("Functions", "function", inspect.isroutine)):
        names = [name for name in loaded.__all__ if is_kind(getattr(loaded, name))]
        parts += [f"## {heading}\n"] * bool(names) + [_documented(kind, f"{module}.{name}") for name in names]
    return "\n".join(parts)


def methods() -> str:
    """Return the list of methods: a line for each, by access tier."""
    lines = [
        {"method": f"[{name}](baselines/{name}.md)", "access": f"`{module.submission.ACCESS}`", "what it is": summary}
        for name, module in METHODS.items()
        for summary in (inspect.getdoc(module) or "").splitlines()[:1]
    ]
    hidden = "\n".join(["```{toctree}", ":hidden:", "", *(f"baselines/{name}" for name in METHODS), "```\n"])
    about = "Each method is a file of `baselines/`; its page has the whole file."
    return f"# Methods\n\n{about}\n\n{markdown_table(lines)}\n\n{hidden}"


def method(name: str) -> str:
    """Return the page of a method: its docstring, its hyper-parameters, its own ones first, and its file."""
    module, common = METHODS[name], {field.name for field in fields(Recipe)}
    kind = module.submission.HYPERPARAMETERS
    lines = []
    for field in sorted(fields(kind), key=lambda field: field.name in common):
        facts = field.metadata  # which `within` wrote
        lines.append(
            {
                "name": f"`{field.name}`", "default": f"`{getattr(kind, field.name)}`",
                "range": f"{facts['ge']:g} to {facts['le']:g}" if "ge" in facts else "",
                "a sweep draws from": str(facts["search"] or "not varied"), "source": facts["source"],
            }
        )  # fmt: skip
    shown = f"``````{{code-block}} python\n:caption: baselines/{name}.py\n\n{inspect.getsource(module)}``````\n"
    parts = [f"# {name}", _documented("module", module.__name__), f"Access tier: `{module.submission.ACCESS}`."]
    return "\n\n".join([*parts, "## Hyper-parameters", markdown_table(lines), "## Code", shown])


def _documented(kind: str, name: str) -> str:
    members = "   :members:\n" * (kind == "class")
    return f"```{{eval-rst}}\n.. auto{kind}:: {name}\n{members}```\n"
