"""The time of the training loop relative to a hand-written one, as a ratio within one run."""

import statistics
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from spurgen.baselines import erm
from spurgen.baselines.training import backbones
from spurgen.baselines.training.backbones import ImageEncoder
from spurgen.baselines.training.data import Inputs
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark import Context, load_suite
from spurgen.generators import class_names, sample
from spurgen.harness.running.task_data import labeled_data

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


@pytest.mark.usefixtures("one_thread")
@pytest.mark.slow
def test_an_epoch_takes_little_longer_than_a_hand_written_loop(benchmark, measure):
    task = load_suite("v1").task("signs-image")
    samples = sample(task.scenario, "train", range(SAMPLES), captions=False)
    data = labeled_data(task, "train", samples, "none")
    context = Context(class_names(task.scenario), "image", 64, "cpu", 0, Path())
    problem = Problem.of(data, data, context)
    hyper = replace(erm.submission.HYPERPARAMETERS, epochs=1)
    rounds = 1 if benchmark.disabled else 7
    ours, hand = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        network = erm.fit(problem, hyper)
        middle = time.perf_counter()
        other = problem.network(hyper)
        by_hand(other, problem.train, hyper)
        ours.append(middle - start)
        hand.append(time.perf_counter() - middle)
    ratio = statistics.median(a / b for a, b in zip(ours, hand, strict=True))
    benchmark.extra_info["ratio"] = ratio
    benchmark.pedantic(lambda: None, rounds=1)
    measure("an ERM epoch, against a hand-written loop", ratio, 1.05, "x")
    assert [curve["epoch"] for curve in problem.journal.curves] == [1] * rounds
    assert len(network.checkpoints) == 1
    start = problem.network(hyper).head.weight
    assert all((trained.head.weight - start).abs().max() > 1e-3 for trained in (network, other))


@pytest.mark.usefixtures("one_thread")
def test_the_precision_is_the_faster_one_on_this_machine(benchmark, measure, monkeypatch):
    chosen = backbones._multiplies_bfloat16(torch.device("cpu"))
    network = backbones.Network(image=ImageEncoder(128), vocabulary_size=None, feature_dim=128, num_classes=4)
    embedded = network.embed(Inputs(torch.randint(0, 256, (128, 64, 64, 3), dtype=torch.uint8), None))
    seconds = {chosen: [], not chosen: []}
    for _ in range(2 if benchmark.disabled else 8):
        for reduced, taken in seconds.items():
            monkeypatch.setattr(backbones, "_multiplies_bfloat16", lambda _device, reduced=reduced: reduced)
            start = time.perf_counter()
            network.head(network.encode_embedded(embedded)).mean().backward()
            taken.append(time.perf_counter() - start)
    assert all(parameter.grad.isfinite().all() for parameter in network.image.parameters())
    own, other = (statistics.median(seconds[key][1:]) for key in (chosen, not chosen))
    benchmark.extra_info["ratio"] = own / other
    benchmark.pedantic(lambda: None, rounds=1)
    measure("a step of the image encoder in the precision chosen here, against the other", own / other, 1.0, "x")
