"""The time of the training loop relative to a hand-written one, as a ratio within one run."""

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
