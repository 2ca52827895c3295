"""Which folders may import which, and the rules for every file."""

import ast
import re
import tomllib
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_IMPORT = {
    "benchmark": {"benchmark"},
    "generators": {"benchmark", "generators"},
    "baselines": {"benchmark", "baselines"},
    "harness": {"benchmark", "generators", "baselines", "harness", "submissions"},  # the adapters, by name
    "submissions": {"benchmark", "baselines", "submissions"},
}
ROOMS = (
    "worker", "machine", "executors", "metrics", "statistics", "results", "sandbox", "splits", "exports", "running",
    "board", "plots", "experiments", "validity", "evaluation", "own", "context", "public",
    "site", "options", "parser", "commands", "cli",
)  # fmt: skip
"""The rooms of the harness: each may import those before it, and nothing after it."""
SOURCES = sorted(path for folder in MAY_IMPORT for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TOOLS = sorted((ROOT / "tools").rglob("*.py"))
MOST_LINES = 600


def name(path):
    return str(path.relative_to(ROOT))


@cache  # read once for all rules
def parsed(path):
    return ast.parse(path.read_text())


@pytest.fixture(scope="module", autouse=True)
def _forget_trees():
    """Forget the trees of all files afterwards: every full garbage collection goes through their millions of nodes."""
    yield
    parsed.cache_clear()


def imported(path, tree):
    """Yield the folders of spurgen that a module imports anywhere in its code."""
    package = ("spurgen", *path.relative_to(ROOT).parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            base = ".".join((*above, node.module or "")).rstrip(".")
            modules = [f"{base}.{alias.name}" for alias in node.names] if base == "spurgen" else [base]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            modules = [node.value] if node.value.startswith("spurgen.") and " " not in node.value else []
        else:
            continue
        for module in modules:
            top, _, rest = module.partition(".")
            if top == "spurgen" and rest:
                yield rest.split(".")[0].split(":")[0]
            elif top in MAY_IMPORT:
                yield f"bare {top}"


def test_imports_go_one_way():
    for path in SOURCES:
        assert set(imported(path, parsed(path))) <= MAY_IMPORT[path.relative_to(ROOT).parts[0]], name(path)


def rooms(path):
    """Yield the rooms of the harness that a module imports."""
    for node in ast.walk(parsed(path)):
        names = []
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name(path)}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("spurgen.harness.")
        ):
            names = [node.value.partition(":")[0]]  # for `import_module`
        for parts in (each.split(".") for each in names):
            if parts[:2] == ["spurgen", "harness"] and len(parts) > 2:
                yield parts[2]


def test_rooms_of_the_harness_import_only_those_below_them():
    for path in (ROOT / "harness").rglob("*.py"):
        room = path.relative_to(ROOT / "harness").parts[0].removesuffix(".py")
        highest = -1 if room == "__init__" else ROOMS.index(room)
        assert all(ROOMS.index(other) <= highest for other in rooms(path)), name(path)


def test_what_runs_in_a_submissions_process_imports_no_other_room():
    for path in (ROOT / "harness" / "worker").glob("*.py"):
        assert set(rooms(path)) <= {"worker"}, name(path)


MODULES = {".".join(("spurgen", *path.relative_to(ROOT).with_suffix("").parts)): path for path in SOURCES}


def modules_of(path):
    """Return the modules of the package that a file imports, anywhere but for types alone."""
    tree, found = parsed(path), set()
    for_types = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    skipped = {inner for node in for_types for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in skipped:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {each if each in MODULES else node.module for each in names}
    return found & MODULES.keys()


@pytest.fixture(scope="module")
def imports():
    """The modules that each module imports."""
    return {module: modules_of(path) for module, path in MODULES.items()}


PRIVATE = "spurgen.harness.validity."  # modules that validity's tests share, and its command and figures use


def test_no_two_files_import_one_another(imports):
    circles = {(one, other) for one, others in imports.items() for other in others if one < other}
    circles = {(one, other) for one, other in circles if one in imports[other]}
    assert circles == set()


def test_a_module_with_an_underscore_is_imported_in_its_own_folder_alone(imports):
    for module, others in imports.items():
        for folder, _, last in (other.rpartition(".") for other in others):
            own = module.startswith(f"{folder}.") or f"{folder}.".startswith(PRIVATE)
            assert own or not last.startswith("_"), f"{module} imports {folder}.{last}"


def test_tools_import_public_modules_only():
    for path in TOOLS:
        assert not re.search(r"from spurgen\.\S*\._", path.read_text()), name(path)


def test_commands_never_import_one_another(imports):
    commands = "spurgen.harness.commands."
    for module, others in imports.items():
        if module.startswith(commands):
            assert not [each for each in others if each.startswith(commands) and not each.startswith(f"{commands}_")]


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        ("import spurgen.harness.cli", "harness"),
        ("from spurgen.harness import cli", "harness"),
        ("from spurgen import harness", "harness"),
        ("from ..harness import cli", "harness"),
        ("def f():\n    from ...harness.metrics import flips", "harness"),
        ("import_module('spurgen.harness.cli')", "harness"),
        ("import harness", "bare harness"),
    ],
)
def test_every_way_of_importing_is_detected(line, folder):
    depth = "generators/channels/x.py" if "..." in line else "generators/x.py"
    assert folder in set(imported(ROOT / depth, ast.parse(line)))


def test_the_wheel_has_every_package():
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = [path.parent.relative_to(ROOT) for path in SOURCES if path.name == "__init__.py"]
    inside = [folder for folder in folders if folder.parent.name == "public"]
    public = {"spurgen" if f.name == "top" else f"spurgen.{f.name}": str(f) for f in inside}
    assert sorted(public) == ["spurgen", "spurgen.evaluation", "spurgen.metrics", "spurgen.torch"]
    packages = ["spurgen." + ".".join(folder.parts) for folder in folders]
    assert sorted(setuptools["packages"]) == sorted([*packages, *public])
    assert setuptools["package-dir"] == {f"spurgen.{folder}": folder for folder in MAY_IMPORT} | public


def test_every_folder_of_modules_is_a_package_and_no_folder_of_tests_is():
    for folder in {path.parent for path in SOURCES}:
        assert (folder / "__init__.py").exists(), name(folder)
    assert not [name(path) for path in TESTS if path.name == "__init__.py"]


def test_every_module_has_a_docstring():
    assert not [name(path) for path in [*SOURCES, *TOOLS] if not ast.get_docstring(parsed(path))]


def test_files_and_functions_are_short():
    for path in [*SOURCES, *TOOLS, *TESTS]:
        assert len(path.read_text().splitlines()) <= MOST_LINES, name(path)
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno + 1 < 60, f"{name(path)}: {node.name}"


def test_benchmarks_name_code_that_exists():
    """`make test` does not run the benchmarks, so a rename must show here."""
    for node in (node for path in (ROOT / "tests" / "speed").glob("test_*.py") for node in ast.walk(parsed(path))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("spurgen"):
            module = import_module(node.module)
            for alias in node.names:
                assert hasattr(module, alias.name) or find_spec(f"{node.module}.{alias.name}"), alias.name
