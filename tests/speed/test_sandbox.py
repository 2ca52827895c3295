"""The cost of the sandbox, as differences and ratios within one run, and that it leaves nothing behind."""

import time
from statistics import median

import numpy as np
import pytest

from spurgen.benchmark.contract import Batch
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs("bubblewrap"),
]
ISOLATIONS = ("process", "bubblewrap")
GOOD = "import numpy as np\ndef predict(batch): return batch.images.mean((1, 2))"
IMAGES = np.random.default_rng(0).integers(0, 256, (500, 64, 64, 3)).astype(np.uint8)


def test_starting_a_sandbox_costs_little(benchmark, measure, write_submission):
    spec = write_submission(GOOD)
    took: dict[str, list[float]] = {isolation: [] for isolation in ISOLATIONS}
    for _ in range(9):
        for isolation in ISOLATIONS:  # in turns, so that other load on the machine affects both
            begun = time.perf_counter()
            with Worker(spec, {}, "a-task", Limits(isolation=isolation)):
                took[isolation].append(time.perf_counter() - begun)
    benchmark.pedantic(lambda: None, rounds=1)
    measure("starting a sandbox, beyond a process", median(took["bubblewrap"]) - median(took["process"]), 0.1, "s")


def test_answers_from_a_sandbox_are_as_fast_as_from_a_process(benchmark, measure, write_submission):
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
    measure("answers from a sandbox, against a process", median(took["bubblewrap"]) / median(took["process"]), 1.1, "x")


def test_images_are_sent_to_a_sandbox_fast(benchmark, measure, write_submission):
    spec = write_submission("import numpy as np\ndef predict(batch): return np.zeros((len(batch), 3))")
    many = Batch(np.repeat(IMAGES, 40, axis=0), None)
    with Worker(spec, {}, "a-task", Limits(isolation="bubblewrap")) as worker:

        def ask():
            worker.send("predict", many)
            worker.answer(len(many), 3, "test")

        benchmark.pedantic(ask, rounds=7, warmup_rounds=1)
    if not benchmark.disabled:
        pace = many.images.nbytes / benchmark.stats.stats.median / 1e9
        measure("images into a sandbox", pace, 1.0, "GB/s", more=True)
