"""The sources of the documentation site: pages of the repository whose links also lead somewhere on the site.

A page on GitHub links to pages, source files and folders of the repository. What can be reached from `docs/` becomes a
page of the site: a page stays one, a source file or a folder of them is shown as code, and where the Python API has a
page about a folder or file, links lead there: a page per package, from its docstrings, and a page per method.
"""

import inspect
import os
import re
import shutil
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
TEXTS = (".py", ".toml", ".md", ".json", ".csv", ".txt")
METHODS = discover("spurgen.baselines")
PAGES = {folder: f"api/{folder}.md" for folder in (*PACKAGES, "baselines")} | {
    f"baselines/{name}.py": f"api/baselines/{name}.md" for name in METHODS
}
"""The folders and files of the repository that have a page here, and its place on the site."""
PICTURES = (".png", ".svg")
MOVED = {"submissions/README.md": "submitting.md"}
ON_THE_BOARD = {
    "benchmark/leaderboard.md": ("the board", "../index.html#boards"),
    "benchmark/validity/validity.md": ("the report", "../trust.html#report"),
}
"""Pages of the repository that the board's site has: a text for links, and the address from the documentation."""

_FENCE = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\[\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")
_SECTION = re.compile(r"^## (.+)\n((?:(?!^## ).*\n?)*)", re.MULTILINE)


def address(path: Path) -> str:
    """Return the source file of the site for a path of the repository, both relative to their roots."""
    name = path.as_posix()
    if page := PAGES.get(name):
        return page
    if path.parts[0] == "docs":
        return path.relative_to("docs").as_posix()
    return MOVED.get(name, name) if path.suffix in (".md", *PICTURES) else f"source/{name}.md"


def relink(text: str, page: Path, root: Path) -> tuple[str, set[Path]]:
    """Rewrite a page's relative links for the site, and return the files and folders to which they lead.

    `page` and the paths returned are relative to `root`. A link whose text is a file's name gets the page's title. What
    the board's site has is linked there.
    Code blocks stay as they are. Raises `FileNotFoundError` for a link that leads nowhere.
    """
    linked: set[Path] = set()
    folder = Path(address(page)).parent

    def rewritten(match: re.Match[str]) -> str:
        target = (root / page.parent / match[2]).resolve()
        if not target.exists():
            raise FileNotFoundError(f"{page}: the link {match[2]!r} leads to no file")
        path = target.relative_to(root)
        if on_board := ON_THE_BOARD.get(path.as_posix()):
            text, place = on_board
            text = text if match[1].endswith(".md") else match[1]
            return f"<a href='{Path(os.path.relpath(place, folder)).as_posix()}'>{text}</a>"
        linked.add(path)
        text = "" if match[1].endswith(".md") else match[1]  # Sphinx fills in the title
        return f"[{text}]({Path(os.path.relpath(address(path), folder)).as_posix()}{match[3] or ''})"

    parts, start = [], 0
    for fence in _FENCE.finditer(text):
        parts += [_LINK.sub(rewritten, text[start : fence.start()]), fence[0]]
        start = fence.end()
    return "".join([*parts, _LINK.sub(rewritten, text[start:])]), linked


def contents(index: str) -> dict[str, dict[str, str]]:
    """Return, for every heading of the index, the pages listed under it and the texts of their links."""
    listed = {title: {link[2]: link[1] for link in _LINK.finditer(body)} for title, body in _SECTION.findall(index)}
    return {title: pages for title, pages in listed.items() if pages}


def stage(root: Path, out: Path) -> None:
    """Write the sources of the site to the new folder `out`."""
    root = root.resolve()
    write_api(out)
    index, _ = relink((root / "docs" / "index.md").read_text("utf-8"), Path("docs/index.md"), root)
    listed = {"index.md"}.union(*contents(index).values())
    pages = [path for suffix in ("md", "ipynb") for path in sorted((root / "docs").glob(f"*.{suffix}"))]
    waiting = [path.relative_to(root) for path in (root / "README.md", *pages)]
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        links = set() if path.as_posix() in PAGES else _write(path, root, out, listed)
        waiting += sorted(links - seen)
        seen |= links


def _write(path: Path, root: Path, out: Path, listed: set[str]) -> set[Path]:
    """Write one page or picture, and return the files and folders to which it leads."""
    source, target, links = root / path, out / address(path), set[Path]()
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in PICTURES:
        shutil.copyfile(source, target)
        return links
    if path.suffix in (".md", ".ipynb"):
        text, links = relink(source.read_text("utf-8"), path, root)
    else:
        text = f"# `{path.as_posix()}`\n\n{_code(source)}"
    if address(path) == "index.md":
        text += "".join(_toctree(title, pages) for title, pages in contents(text).items())
    if path.suffix != ".ipynb" and address(path) not in listed:
        text = f"---\norphan: true\n---\n{text}"
    target.write_text(text, encoding="utf-8")
    return links


def _code(source: Path) -> str:
    if source.is_dir():
        files = sorted(file for file in source.iterdir() if file.suffix in TEXTS and file.name != "__init__.py")
        return "\n".join(f"## `{file.name}`\n\n{_code(file)}" for file in files)
    language = "python" if source.suffix == ".py" else "text"
    return f"``````{language}\n{source.read_text('utf-8').rstrip()}\n``````\n"


def _toctree(title: str, pages: dict[str, str]) -> str:
    entries = "\n".join(f"{text} <{Path(page).with_suffix('').as_posix()}>" for page, text in pages.items())
    return f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{entries}\n```\n"


def write_api(out: Path) -> None:
    """Write the pages of the Python API to the folder `out`."""
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
