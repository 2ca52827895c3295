"""Which libraries a command loads: those that train no model start without the libraries that do."""

import json
import subprocess
import sys

from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.suite import DEFAULT_SUITE, load_suite
from spurgen.harness.cli import COMMANDS
from spurgen.harness.splits.verify import stamp

TRAINING = {"torch", "torchvision", "sklearn", "statsmodels", "matplotlib"}
SCRIPT = """
import json, sys
from spurgen.harness.cli import main
for line in sys.argv[1:]:
    status = main(line.split())
    print("loaded:", json.dumps([status, line, *sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def check_loaded(lines, unwanted):
    """Run commands, one after the other in a process of their own; fail if any has loaded what it should not."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, *lines], capture_output=True, text=True)
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
        "benchmark --tasks things-text-8 --submissions erm --seeds 0",
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


SLOW = {"run", "figures"}  # experiments import the methods, and these torch


ONE_BY_ONE = """
import sys
from importlib import import_module
for command in sys.argv[2:]:
    before = set(sys.modules)
    import_module(f"{sys.argv[1]}.{command}")
    print(command, *set(sys.modules) - before)
"""


def test_importing_a_command_loads_no_library_that_trains():
    commands = sorted({*names_in(COMMANDS)} - SLOW)
    done = subprocess.run([sys.executable, "-c", ONE_BY_ONE, COMMANDS, *commands], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for command, *loaded in map(str.split, done.stdout.splitlines()):
        unwanted = TRAINING - {"matplotlib"} | {"urllib3", "requests", "httpx", "openai", "transformers"}
        assert not {name.partition(".")[0] for name in loaded} & unwanted, command
