"""The CPU time of methods that train more than once relative to ERM on the same data, as ratios within one run."""

import statistics
import time
from importlib import import_module
from pathlib import Path

import pytest

from spurgen.baselines.training.problem import Problem
from spurgen.benchmark import Context
from spurgen.generators import class_names, sample
from spurgen.harness.running.data import labeled
from spurgen.harness.running.plan import plan_unfrozen

METHODS = ("jtt", "lff", "eiil", "cnc", "ssa", "dfr", "crt", "reweight_crt")
SMALL = {"train": 800, "val": 400}


def problem_for(task, access, sizes):
    """Return a problem with the sizes `sizes`: the time of some stages does not depend on the number of samples."""
    data = [
        labeled(
            plan_unfrozen(task, "spurgen.baselines.erm:submission", 0, "cpu", {}),
            part,
            sample(task.scenario, part, range(n)),
            access,
        )
        for part, n in sizes.items()
    ]
    context = Context(class_names(task.scenario), task.modality, task.scenario.image_size, "cpu", 0, Path())
    return Problem.of(*data, context)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("modality", "rounds"), [("text", 3), ("image", 1), ("multimodal", 1)])
def test_two_phases_cost_little_more_than_two_trainings(benchmark, measure, pictograms, modality, rounds):
    task = pictograms(modality)
    methods, sizes = METHODS, {part: getattr(task.scenario.splits, part) for part in SMALL}
    if benchmark.disabled:  # to try it
        methods, sizes, rounds = METHODS[:1], SMALL, 1
    problems = {access: problem_for(task, access, sizes) for access in ("none", "val_groups", "train_groups")}
    seconds = {name: [] for name in ("erm", *methods)}
    for _ in range(rounds):
        for name in (*seconds, "erm"):  # ERM before and after the others, in case the machine's speed changes
            method = import_module(f"spurgen.baselines.{name}")
            problem = problems[method.submission.ACCESS]
            curves = len(problem.journal.curves)
            start = time.process_time()
            method.fit(problem, method.submission.HYPERPARAMETERS)
            seconds[name].append(time.process_time() - start)
            assert len(problem.journal.curves) > curves
    for name in methods:
        ratio = statistics.median(seconds[name]) / statistics.median(seconds["erm"])
        benchmark.extra_info[name] = ratio
        measure(f"{name} on {modality}, against ERM", ratio, 2.5, "x")
    benchmark.pedantic(lambda: None, rounds=1)
