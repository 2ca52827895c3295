import sys

import pytest
import torch

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.provenance import pick_device, visible_gpus


@pytest.fixture
def gpus(monkeypatch):
    def pretend(count):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)

    return pretend


@pytest.mark.parametrize(
    ("count", "asked", "given"),
    [(0, "auto", "cpu"), (0, "cpu", "cpu"), (1, "auto", "cuda"), (1, "cpu", "cpu"), (2, "cuda:1", "cuda:1")],
)
def test_a_device_that_is_there_is_taken(gpus, count, asked, given):
    gpus(count)
    assert pick_device(asked) == given


def test_without_torch_auto_is_the_cpu(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert pick_device("auto") == "cpu"


@pytest.mark.parametrize(
    ("count", "asked", "message"),
    [
        (0, "cuda", "there is no device cuda; the GPUs here: none; use cpu"),
        (2, "cuda:2", "there is no device cuda:2; the GPUs here: cuda:0 to cuda:1"),
        (1, "tpu", "unknown device 'tpu'; choose cpu, cuda"),
        (1, "cuda:-1", "unknown device 'cuda:-1'"),
        (1, "cuda:²", "unknown device 'cuda:²'"),
        (1, "cuda:", "unknown device 'cuda:'"),
        (1, "cuda:1\n", r"unknown device 'cuda:1\\n'"),
    ],
)
def test_a_device_that_is_not_there_is_refused_before_any_work(gpus, count, asked, message):
    gpus(count)
    with pytest.raises(SpurgenError, match=message):
        pick_device(asked)


@pytest.mark.parametrize(
    ("device", "named", "given"),
    [("cpu", None, ""), ("cuda:1", None, ""), ("cuda", None, "01"), ("cuda", "3,5", "35"), ("cuda", "", "01")],
)
def test_jobs_on_cuda_are_spread_over_all_gpus_that_are_visible(gpus, monkeypatch, device, named, given):
    gpus(2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if named is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert visible_gpus(device) == tuple(given)
