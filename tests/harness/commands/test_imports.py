"""Which libraries a command loads: those that train no model start without the libraries that do."""

import subprocess
import sys

import pytest

from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.suite import DEFAULT_SUITE, load_suite
from spurgen.harness.cli import COMMANDS
from spurgen.harness.splits.verify import stamp

TRAINING = {"torch", "torchvision", "sklearn", "statsmodels", "matplotlib"}
SCRIPT = """
import sys
from spurgen.harness.cli import main
status = main(sys.argv[1:])
print("loaded:", *sorted({name.partition(".")[0] for name in sys.modules}))
sys.exit(status)
"""


@pytest.fixture
def loaded():
    """Return a function that runs a command in a process of its own and returns the top-level modules it loaded."""

    def run(line):
        done = subprocess.run([sys.executable, "-c", SCRIPT, *line.split()], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        modules = set(done.stdout.rpartition("loaded:")[2].split())
        assert {"spurgen", "numpy"} <= modules
        return modules

    return run


@pytest.mark.parametrize(
    "command",
    [
        "leaderboard --json {out}.json",
        "benchmark --tasks things-text-8 --submissions erm --seeds 0 --data {out}",
        "compare erm group_dro",
    ],
)
def test_commands_that_read_results_load_neither_torch_nor_numba(loaded, command, tmp_path):
    stamp(load_suite(DEFAULT_SUITE), tmp_path / "out")  # the splits were verified before, which loads numba
    line = f"{command} --results {tmp_path / 'results'}".format(out=tmp_path / "out")
    assert not loaded(line) & (TRAINING | {"pandas", "numba"})


@pytest.mark.parametrize(
    "command",
    [
        "generate --out {out} --num_samples 4 --num_classes 2 --channels color",
        "splits list --suite {suite}",
        "splits regenerate --suite {suite} --data {out}",
        "splits verify --suite {suite} --data {out} --jobs 1",
    ],
)
def test_commands_that_draw_images_load_no_library_that_trains(loaded, command, suite_file, tmp_path):
    assert not loaded(command.format(out=tmp_path / "out", suite=suite_file)) & TRAINING


SLOW = {"run", "figures"}  # experiments import the methods, and these torch


@pytest.mark.parametrize("command", sorted({*names_in(COMMANDS)} - SLOW))
def test_importing_a_command_loads_no_library_that_trains(command):
    script = f"import sys, {COMMANDS}.{command}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not {name.partition(".")[0] for name in done.stdout.split()} & (TRAINING - {"matplotlib"})
