from types import SimpleNamespace

import pytest
import torch

from spurgen.harness.worker.server import bound_memory

GIB = 1 << 30


@pytest.mark.parametrize(("total", "share", "expected"), [(80, 0.25, 19.375), (16, 0.5, 7.375), (4, 0.1, 0.04)])
def test_processes_that_share_a_gpu_get_its_memory_less_what_cuda_needs_for_each(monkeypatch, total, share, expected):
    bounded = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(total_memory=total * GIB))
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda *given: bounded.append(given))
    bound_memory(share, "cuda:0")
    ((fraction, device),) = bounded
    assert (fraction * total, device) == (pytest.approx(expected), "cuda:0")


def test_without_a_gpu_nothing_is_bounded(monkeypatch):
    bounded = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda *given: bounded.append(given))
    bound_memory(0.5, "cuda")
    assert bounded == []
