"""What `make bench` reports about its targets, and when it fails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
def test_value(benchmark, measure):
    benchmark.pedantic(lambda: None, rounds=1)
    measure("ratio", {at_most}, 2.0, "x")
    measure("pace", {at_least}, 1000, "/s", more=True)
"""


@pytest.fixture
def bench(tmp_path):
    shutil.copy(Path(__file__).parent / "conftest.py", tmp_path)

    def run(at_most, at_least, *flags):
        (tmp_path / "test_value.py").write_text(CODE.format(at_most=at_most, at_least=at_least))
        command = [
            sys.executable,
            *["-m", "pytest", "-p", "no:cacheprovider", "-c", "none.ini", "test_value.py"],
            *flags,
        ]
        (tmp_path / "none.ini").write_text("[pytest]\n")
        # Under xdist pytest-benchmark would measure nothing.
        alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=alone)
        return done.returncode, done.stdout

    return run


@pytest.mark.parametrize(
    ("at_most", "at_least", "code", "lines"),
    [
        (1.5, 1000, 0, ("ratio: 1.5 x, target at most 2: met", "pace: 1,000 /s, target at least 1,000: met")),
        (2.9, 900, 0, ("ratio: 2.9 x, target at most 2: missed by 45%", "at least 1,000: missed by 11%")),
        (3.1, 1000, 1, ("target at most 2: missed by 55%", "target at least 1,000: met")),
        (1.5, 650, 1, ("target at most 2: met", "target at least 1,000: missed by 54%")),
    ],
)
def test_all_targets_are_reported_and_one_missed_by_far_fails(bench, at_most, at_least, code, lines):
    returned, output = bench(at_most, at_least)
    assert returned == code, output
    for line in lines:
        assert line in output


def test_measurements_are_not_judged_without_benchmarks(bench):
    code, output = bench(99, 1, "--benchmark-disable")
    assert code == 0
    assert "targets" not in output
