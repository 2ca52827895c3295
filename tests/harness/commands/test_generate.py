"""What `spurgen generate` and `spurgen splits` load: they draw images and need no library that trains or tests."""

import subprocess
import sys

import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.harness.commands.generate import from_flags
from spurgen.harness.experiments.data_folder import describe_world

HEAVY = {"torch", "sklearn", "statsmodels", "pandas", "matplotlib"}
SCRIPT = """
import sys
from spurgen.harness.cli import main
status = main(sys.argv[1:])
print("loaded:", *sorted({name.partition(".")[0] for name in sys.modules}))
sys.exit(status)
"""


@pytest.mark.parametrize(
    "command",
    [
        "generate --out {out} --num_samples 4 --num_classes 2 --channels color",
        "splits list --suite {suite}",
        "splits regenerate --suite {suite} --out {out}",
        "splits verify --suite {suite} --out {out} --jobs 1",
    ],
)
def test_drawing_loads_no_heavy_library(command, suite_file, tmp_path):
    words = command.format(out=tmp_path / "out", suite=suite_file).split()
    done = subprocess.run([sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.rpartition("loaded:")[2].split())
    assert {"spurgen", "numpy"} <= loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("describe", [from_flags, describe_world])
@pytest.mark.parametrize(("num_samples", "val"), [(1000, 250), (7, 1), (1, 1)])
def test_num_samples_counts_train_samples_in_generate_and_in_run(describe, num_samples, val):
    splits = describe(num_samples=num_samples).splits
    assert (splits.train, splits.val) == (num_samples, val)
    with pytest.raises(ScenarioError, match=r"splits.train: .*\(got 0\)"):
        describe(num_samples=0)
