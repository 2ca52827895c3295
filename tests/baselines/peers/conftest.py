"""Fixed tensors on which the methods are compared with their peers' code.

The values in `recorded.toml` were computed once by running the peers' code, at the commits named there, on these
tensors (torch 2.13 on a CPU, float32). Sines replace random numbers, which differ between releases.
"""

import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spurgen.baselines.training.problem import Problem, Step

SIZES = (50, 2, 30, 5, 8, 1)  # of the groups: three classes, each with the patterns aligned and conflicting


def wave(*shape: int, start: float) -> torch.Tensor:
    """Return sin(start + 1.3 k) for k = 0, 1, ..., float32, in a shape."""
    angles = start + 1.3 * torch.arange(math.prod(shape), dtype=torch.float64)
    return angles.sin().reshape(shape).float()


@pytest.fixture
def peer() -> Callable[[str], SimpleNamespace]:
    """Return a function that gives what a peer's code gave for a method."""
    recorded = tomllib.loads((Path(__file__).parent / "recorded.toml").read_text())
    return lambda method: SimpleNamespace(**recorded[method])


@pytest.fixture
def fixed() -> SimpleNamespace:
    """Twelve samples in which all groups occur: logits, labels, groups, losses, and features with a linear head."""
    logits, labels = 2 * wave(12, 3, start=1.0), torch.arange(12) % 3
    patterns = torch.tensor([0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1])
    return SimpleNamespace(
        wave=wave,
        sizes=torch.tensor(SIZES),
        logits=logits,
        labels=labels,
        groups=2 * labels + patterns,
        losses=torch.nn.functional.cross_entropy(logits, labels, reduction="none"),
        features=wave(12, 4, start=0.5),
        head=wave(4, 3, start=0.7),
    )


@pytest.fixture
def sized_problem(make_problem: Callable[..., Problem]) -> Problem:
    """A problem whose train split has groups of `SIZES`, in order."""
    groups = np.repeat(np.arange(len(SIZES)), SIZES)
    return make_problem(sum(SIZES), labels=groups // 2, group_ids=groups)


@pytest.fixture
def make_step(fixed: SimpleNamespace, sized_problem: Problem) -> Callable[..., Step]:
    """Return a function that makes a step of the twelve samples with these logits, and other attributes as given."""

    def make(logits: torch.Tensor | None = None, **attributes: object) -> Step:
        firsts = torch.tensor((0, *SIZES[:-1])).cumsum(0)  # the first sample of each group stands for the others
        step = Step(None, sized_problem.train, firsts[fixed.groups], 0.0)
        vars(step).update({"logits": fixed.logits if logits is None else logits, **attributes})
        return step

    return make
