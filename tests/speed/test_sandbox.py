"""What the sandbox costs, as differences and ratios in one run, and that nothing stays behind it."""

import sys
import time
from statistics import median

import numpy as np
import pytest

from spurgen.benchmark.contract import Batch
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap runs on Linux alone"),
]
ISOLATIONS = ("process", "bubblewrap")
GOOD = "import numpy as np\ndef predict(batch): return batch.images.mean((1, 2))"
IMAGES = np.random.default_rng(0).integers(0, 256, (500, 64, 64, 3)).astype(np.uint8)


def test_starting_a_sandbox_costs_little(benchmark, tell, write_submission):
    spec = write_submission(GOOD)
    took: dict[str, list[float]] = {isolation: [] for isolation in ISOLATIONS}
    for _ in range(9):
        for isolation in ISOLATIONS:  # in turns, so that what else the machine does meets both
            begun = time.perf_counter()
            with Worker(spec, {}, "a-task", Limits(isolation=isolation)):
                took[isolation].append(time.perf_counter() - begun)
    benchmark.pedantic(lambda: None, rounds=1)
    tell("starting a sandbox, beyond a process", median(took["bubblewrap"]) - median(took["process"]), 0.1, "s")


def test_answers_from_a_sandbox_cost_what_those_of_a_process_cost(benchmark, tell, write_submission):
    spec = write_submission(
        "import numpy as np\nW = np.random.default_rng(0).normal(size=(12288, 300)).astype(np.float32)\n"
        "def predict(batch): return (batch.images.reshape(len(batch), -1).astype(np.float32) @ W)[:, :3]"
    )
    took: dict[str, list[float]] = {isolation: [] for isolation in ISOLATIONS}
    workers = {isolation: Worker(spec, {}, "a-task", Limits(isolation=isolation)) for isolation in ISOLATIONS}
    try:
        for _ in range(15):
            for isolation, worker in workers.items():
                begun = time.perf_counter()
                worker.send("predict", Batch(IMAGES, None))
                worker.answer(len(IMAGES), 3, "test")
                took[isolation].append(time.perf_counter() - begun)
    finally:
        for worker in workers.values():
            worker.close()
    benchmark.pedantic(lambda: None, rounds=1)
    tell("answers from a sandbox, against a process", median(took["bubblewrap"]) / median(took["process"]), 1.1, "x")


def test_arrays_travel_fast(benchmark, tell, write_submission):
    spec = write_submission("import numpy as np\ndef predict(batch): return np.zeros((len(batch), 3))")
    many = Batch(np.repeat(IMAGES, 40, axis=0), None)
    with Worker(spec, {}, "a-task", Limits(isolation="bubblewrap")) as worker:

        def ask():
            worker.send("predict", many)
            worker.answer(len(many), 3, "test")

        benchmark.pedantic(ask, rounds=7, warmup_rounds=1)
    if not benchmark.disabled:
        pace = many.images.nbytes / benchmark.stats.stats.median / 1e9
        tell("pictures into a sandbox", pace, 1.0, "GB/s", more=True)
