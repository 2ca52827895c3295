"""Which libraries a command loads: those that train no model start without the libraries that do."""

import json
import re
import subprocess
import sys

from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.suite import DEFAULT_SUITE, load_suite
from spurgen.harness.cli import COMMANDS
from spurgen.harness.splits.frozen import stamp

TRAINING = {"torch", "torchvision", "sklearn", "statsmodels", "matplotlib"}
BASE = ("matplotlib", "numba", "sklearn", "torch", "torchvision")
"""Packages that an installation without extras lacks."""
WITHOUT = """
import sys

class Without:  # finds what a finder does, but not some packages
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *more):
        return None if name.partition(".")[0] in HIDDEN else self.finder.find_spec(name, *more)

    def find_distributions(self, context):
        if context.name in HIDDEN:
            return []
        return getattr(self.finder, "find_distributions", lambda _: [])(context)

sys.meta_path = [Without(finder) for finder in sys.meta_path]
"""


def without(*packages):
    return f"HIDDEN = {packages}" + WITHOUT


SCRIPT = """
import json, sys
from spurgen.harness.cli import main
for line in sys.argv[1:]:
    status = main(line.split())
    print("loaded:", json.dumps([status, line, *sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def check_loaded(lines, unwanted, before=""):
    """Run commands, one after the other in a process of their own; fail if any has loaded what it should not."""
    done = subprocess.run([sys.executable, "-c", before + SCRIPT, *lines], capture_output=True, text=True)
    reports = [json.loads(line[7:]) for line in done.stdout.splitlines() if line.startswith("loaded:")]
    assert len(reports) == len(lines), done.stderr
    for status, line, *modules in reports:
        assert status == 0, done.stderr
        assert {"spurgen", "numpy"} <= set(modules)
        assert not unwanted & set(modules), line


def test_commands_that_read_results_load_neither_torch_nor_numba(
    tmp_path, ladder_file, ladder_suite, make_rung_outcome, keep_row, as_baseline
):
    results = tmp_path / "results"
    for label, follow in (("erm", 0.9), ("group_dro", 0.5)):
        made = [make_rung_outcome(ladder_suite, follow, seed, **as_baseline(label)) for seed in range(5)]
        keep_row(results, *made, label=label)
    stamp(load_suite(DEFAULT_SUITE))  # the splits were verified before, which loads numba
    lines = [
        f"leaderboard --suite {ladder_file} --json {tmp_path / 'board.json'}",
        "benchmark --tasks things-text-4 --submissions erm --seeds 0",
        f"compare erm group_dro --suite {ladder_file}",
    ]
    check_loaded([f"{line} --results {results}" for line in lines], TRAINING | {"pandas", "numba"})


def test_commands_that_draw_images_load_no_library_that_trains(suite_file, tmp_path):
    lines = [
        f"generate --out {tmp_path / 'set'} --num_samples 4 --num_classes 2 --channels color",
        f"splits list --suite {suite_file}",
        f"generate small-image --suite {suite_file} --out {tmp_path / 'task'}",
        f"splits verify --suite {suite_file} --jobs 1",
    ]
    check_loaded(lines, TRAINING)


ONE_BY_ONE = """
import sys
from importlib import import_module
for command in sys.argv[2:]:
    before = set(sys.modules)
    import_module(f"{sys.argv[1]}.{command}")
    print(command, *set(sys.modules) - before)
"""


def test_importing_a_command_loads_no_library_that_trains():
    done = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE, COMMANDS, *names_in(COMMANDS)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for command, *loaded in map(str.split, done.stdout.splitlines()):
        unwanted = TRAINING - {"matplotlib"} | {"urllib3", "requests", "httpx", "openai", "transformers"}
        assert not {name.partition(".")[0] for name in loaded} & unwanted, command


def test_commands_run_without_what_extras_install(
    tmp_path, suite_file, ladder_file, ladder_suite, make_rung_outcome, keep_row, as_baseline
):
    results, table = tmp_path / "results", tmp_path / "table.csv"
    for label, follow in (("erm", 0.9), ("group_dro", 0.5)):
        made = [make_rung_outcome(ladder_suite, follow, seed, **as_baseline(label)) for seed in range(5)]
        keep_row(results, *made, label=label)
    table.write_text("label,prediction,place\n" + "a,a,x\na,b,y\nb,b,x\nb,b,y\n" * 5)
    of = f"--suite {ladder_file} --results {results}"
    lines = [
        f"leaderboard {of}",
        f"compare erm group_dro {of}",
        f"evaluate {table} --label label --attributes place",
        f"generate small-image --suite {suite_file} --out {tmp_path / 'task'}",
        f"splits verify --suite {suite_file} --jobs 1",
    ]
    check_loaded(lines, {*BASE}, without(*BASE))
    drawn = [f"figures {of} --out {tmp_path / 'figures'}", f"site {of} --out {tmp_path / 'site'}"]
    check_loaded(drawn, {"torch"}, without("torch", "torchvision"))


IN_PYTHON = """
import spurgen
from spurgen.benchmark.errors import SpurgenError
for use in (lambda: spurgen.ladder("erm", "things-text"), lambda: __import__("spurgen.torch")):
    try:
        use()
    except ImportError as error:
        assert isinstance(error, SpurgenError)
        print("error:", error, file=sys.stderr)
"""


def answers_without(packages, script, lines, folder):
    """Run commands that must fail without packages; return what each says that it needs, and how to install it."""
    code = [sys.executable, "-c", without(*packages) + SCRIPT + script, *lines]
    done = subprocess.run(code, capture_output=True, text=True, cwd=folder)
    loaded = [json.loads(line[7:])[0] for line in done.stdout.splitlines() if line.startswith("loaded:")]
    assert loaded == [2] * len(lines)
    told = [line.partition("; run ")[::2] for line in done.stderr.splitlines() if line.startswith("error: ")]
    extras = {re.sub(r"^\S*pip install -e '.*(\[\w+\])'$", r"\1", install) for _, install in told}
    return [need.removesuffix(", not installed here") for need, _ in told], extras


def test_what_needs_torch_says_what_to_install(tmp_path, ladder_file):
    uses = {
        f"benchmark --suite {ladder_file} --tasks few-text-4 --seeds 0 --submissions erm": "a baseline",
        "check erm --device cuda": "--device cuda",
        "profile hf:some/model": "hf:some/model",
        f"run --data-dir {tmp_path / 'data'} --generate-data --num-samples 80": "spurgen run",
    }
    needs, extras = answers_without(BASE, IN_PYTHON, uses, tmp_path)
    asking = [*uses.values(), "a baseline", "a data set of tensors"]
    assert needs == [f"error: {use} needs torch" for use in asking]
    assert extras == {"[train]"}


def test_what_draws_plots_and_probes_says_what_to_install(tmp_path):
    encoder = "MODALITIES = {'text'}\ndef encode(batch):\n    return [[1.0]] * len(batch)\n"
    (tmp_path / "encoder.py").write_text(encoder)
    (tmp_path / "table.csv").write_text("label,prediction,place\n" + "a,a,x\na,b,y\nb,b,x\nb,b,y\n" * 5)
    evaluated = "evaluate table.csv --label label --attributes place --figure groups.pdf"
    needs, extras = answers_without(BASE, "", ["figures --out f", "site", evaluated], tmp_path)
    assert needs == [f"error: {use} needs matplotlib" for use in ("spurgen figures", "spurgen site", "a plot")]
    assert extras == {"[plots]"}
    needs, extras = answers_without(BASE, "", ["score encoder.py --tasks things-text-4 --seeds 0"], tmp_path)
    assert (needs, extras) == (["error: a linear probe needs sklearn"], {"[train]"})
