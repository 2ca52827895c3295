"""The time of scoring relative to the bare forward passes, as a ratio within one run."""

import statistics
import time
from dataclasses import replace
from pathlib import Path

import pytest

from spurgen.baselines.erm import submission
from spurgen.benchmark import Context
from spurgen.generators import class_names, sample
from spurgen.harness.running.data import labeled, pieces_of
from spurgen.harness.running.plan import plan_unfrozen
from spurgen.harness.running.query import Asker, collect
from spurgen.harness.running.run import fitted, maker
from spurgen.harness.running.scoring import score
from spurgen.harness.sandbox.process import Worker

SPEC, OPTIONS = "spurgen.baselines.erm:submission", {"epochs": 1}


def bare(task, model, make):
    """Return the time of the same forward passes in this process, given their inputs, and the number of inputs."""
    total, count = 0.0, 0

    def ask(function, batch):
        nonlocal total, count
        start = time.perf_counter()
        count += len(function(batch))
        total += time.perf_counter() - start

    for piece in pieces_of(task):
        ask(model.predict, make(*piece).inputs)
    return total, count


@pytest.mark.ratio
@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_scoring_costs_little_more_than_the_forward_passes(benchmark, measure, pictograms):
    task = pictograms()
    job = plan_unfrozen(task, SPEC, 0, "cpu", {})
    val = fitted(job, "val")
    make = maker(job, val)
    train = sample(task.scenario, "train", range(2000), captions=False)
    context = Context(class_names(task.scenario), "image", 64, "cpu", 0, Path())
    data = [
        labeled(plan_unfrozen(task, "spurgen.baselines.erm:submission", 0, "cpu", {}), split, samples, "none")
        for split, samples in (("train", train), ("val", val))
    ]
    model = submission.with_options(**OPTIONS)
    model.fit(*data, context)
    passes = []

    with Worker(SPEC, OPTIONS, task.name) as worker:
        worker.fit(*data, replace(context, scratch=worker.scratch))

        def scored():
            answers = collect(Asker(worker, task), make, 0)
            return answers, score(task, answers)

        answers, scores = benchmark.pedantic(scored, setup=lambda: passes.append(bare(task, model, make)), rounds=3)
    if benchmark.stats:
        ratio = statistics.median(a / b for a, (b, _) in zip(benchmark.stats.stats.data, passes, strict=True))
        measure("scoring an image CNN, against its bare forward passes", ratio, 1.15, "x", expected=1.89)
    assert sum(map(len, answers.logits.values())) == passes[0][1]
    assert {"wga", "sss", "ig", "follows"} <= set(scores.metrics)
