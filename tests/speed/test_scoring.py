"""The cost of scoring over the bare forward passes, as a ratio in one run."""

import time
from dataclasses import replace
from pathlib import Path

import torch

from spurgen.baselines.erm import submission
from spurgen.benchmark import Context, load_suite
from spurgen.generators import CLASS_NAMES, sample
from spurgen.harness.answers import PROBED, Asker, chunks, collect
from spurgen.harness.data import every_input, inputs, labeled_data
from spurgen.harness.process import Worker
from spurgen.harness.scoring import score

SPEC, OPTIONS = "spurgen.baselines.erm:submission", {"epochs": 1}


def bare(task, model, val, train):
    """Sums the time of the same forward passes in this process, whose inputs are ready."""
    total = 0.0

    def ask(function, batch):
        nonlocal total
        start = time.perf_counter()
        function(batch)
        total += time.perf_counter() - start

    for batch in chunks(task, val):
        ask(model.predict, batch)
    for _, _, samples in every_input(task):
        ask(model.predict, inputs(task, samples))
    test = sample(task.scenario, "test", range(2 * PROBED), captions=False)
    for samples, count in ((train, PROBED), (test, 2 * PROBED)):
        for batch in chunks(task, samples, count):
            ask(model.encode, batch)
    return total


def test_scoring_costs_little_more_than_the_forward_passes(benchmark):
    suite = load_suite("v1")
    task = suite.task("signs-image")
    val = sample(task.scenario, "val", range(task.scenario.splits.val), captions=False)
    train = sample(task.scenario, "train", range(PROBED), captions=False)
    torch.set_num_threads(1)
    context = Context(CLASS_NAMES[:10], "image", 64, "cpu", 0, Path())
    data = [labeled_data(task, split, some, "none") for split, some in (("train", train), ("val", val))]
    model = submission.with_options(**OPTIONS)
    model.fit(*data, context)
    passes = bare(task, model, val, train)
    with Worker(SPEC, OPTIONS, task.name) as worker:
        worker.fit(*data, replace(context, scratch=worker.scratch))
        start = time.perf_counter()
        answers, factors = collect(Asker(worker, task), suite, val, train)
        score(task, answers, factors, train)
        total = time.perf_counter() - start
    benchmark.extra_info["ratio"] = total / passes
    benchmark.pedantic(lambda: None, rounds=1)
    print(f"\nscoring: {total:.1f} s, {total / passes:.2f} x its {passes:.1f} s of forward passes, target 1.25")
    assert total > 0
