"""The time of training: the loop against one written by hand, and methods that train more than once against ERM."""

import statistics
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from spurgen.baselines import erm
from spurgen.baselines.training import backbones
from spurgen.baselines.training.backbones import ImageEncoder
from spurgen.baselines.training.data import Inputs
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark import Context
from spurgen.generators import class_names, sample
from spurgen.harness.running.data import labeled
from spurgen.harness.running.plan import plan_unfrozen

SAMPLES = 3000


def by_hand(network, data, hyper):
    """Train for one epoch with the same network, precision, optimiser and batch size, then validate."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=hyper.lr, weight_decay=hyper.weight_decay, fused=True)
    order = torch.randperm(len(data))[: len(data) // hyper.batch_size * hyper.batch_size].view(-1, hyper.batch_size)
    network.train()
    for indices in order:
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(network(data.inputs.take(indices)), data.labels[indices])
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        for indices in torch.arange(len(data)).split(128):
            network(data.inputs.take(indices)).argmax(1)


@pytest.mark.ratio
@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_an_epoch_takes_little_longer_than_a_hand_written_loop(compare, pictograms):
    task = pictograms()
    samples = sample(task.scenario, "train", range(SAMPLES), captions=False)
    data = labeled(plan_unfrozen(task, "spurgen.baselines.erm:submission", 0, "cpu", {}), "train", samples, "none")
    context = Context(class_names(task.scenario), "image", 64, "cpu", 0, Path())
    problem = Problem.of(data, data, context)
    hyper = replace(erm.submission.HYPERPARAMETERS, epochs=1)
    trained = {}

    def ours():
        trained["ours"] = erm.fit(problem, hyper)

    def other():
        trained["by hand"] = problem.network(hyper)
        by_hand(trained["by hand"], problem.train, hyper)

    compare("an ERM epoch, against a hand-written loop", ours, other, 1.05, rounds=7, expected=1.08)
    assert {curve["epoch"] for curve in problem.journal.curves} == {1}
    assert len(trained["ours"].checkpoints) == 1
    start = problem.network(hyper).head.weight
    assert all((network.head.weight - start).abs().max() > 1e-3 for network in trained.values())


@pytest.mark.usefixtures("one_thread")
def test_the_precision_is_the_faster_one_on_this_machine(compare, monkeypatch):
    chosen = backbones._multiplies_bfloat16(torch.device("cpu"))
    network = backbones.Network(image=ImageEncoder(128), feature_dim=128, num_classes=4)
    embedded = network.embed(Inputs(torch.randint(0, 256, (128, 64, 64, 3), dtype=torch.uint8), None))

    def step(reduced):
        monkeypatch.setattr(backbones, "_multiplies_bfloat16", lambda _device: reduced)
        network.head(network.encode_embedded(embedded)).mean().backward()

    name = "a step of the image encoder in the precision chosen here, against the other"
    compare(name, lambda: step(chosen), lambda: step(not chosen), 1.0, rounds=7)
    assert all(parameter.grad.isfinite().all() for parameter in network.image.parameters())


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
