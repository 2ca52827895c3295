"""Names of a task's inputs, which say neither what an input shows nor which others are its twins."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from spurgen.benchmark.task import Task
from spurgen.harness.running.task_data import Key, pieces_of

LENGTH = 16  # hexadecimal digits: among 10^7 keys two are equal with probability 3e-6


@dataclass(frozen=True)
class Part:
    """Consecutive inputs of a task in one world: of a block, a part of a rung's ladder, or those to calibrate on."""

    block: Key
    indices: range

    @property
    def name(self) -> str:
        """Name of the block."""
        return self.block if isinstance(self.block, str) else self.block.name


def parts_of(task: Task, chunk: int = 1000) -> Iterator[Part]:
    """Yield all inputs of a task in one world, at most `chunk` at a time: calibration, test, and all twins.

    They are the same on every rung of a ladder.
    """
    yield from (Part(block, indices) for block, indices in pieces_of(task, chunk))


def keys_of(task: Task, part: Part) -> list[str]:
    """Return the keys of inputs, in their order: digests of suite, world, modality, block and index."""
    scenario = task.scenario
    prefix = f"{scenario.suite}/{scenario.name}/{task.modality}/{part.name}"
    return [hashlib.sha256(f"{prefix}/{k}".encode()).hexdigest()[:LENGTH] for k in part.indices]
