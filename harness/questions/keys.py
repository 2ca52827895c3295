"""Names of a task's inputs, which reveal neither an input's content nor its twins."""

import hashlib
from typing import NamedTuple

from spurgen.benchmark.task import Task
from spurgen.harness.running.task_data import Key, asked

LENGTH = 16  # hexadecimal digits: among 10^7 keys two are equal with probability 3e-6


class Part(NamedTuple):
    """Inputs of a task in one world: of a block, of a part of a rung's ladder, or for calibration."""

    block: Key
    size: int

    @property
    def name(self) -> str:
        """Name of the block."""
        return self.block if isinstance(self.block, str) else self.block.name


def parts_of(task: Task) -> list[Part]:
    """Return all inputs of a task in one world: calibration, test, and all twins; equal on every rung of a ladder."""
    return [Part(block, size) for block, size in asked(task).items()]


def keys_of(task: Task, part: Part) -> list[str]:
    """Return the keys of inputs, in their order: digests of suite, world, modality, block and index."""
    scenario = task.scenario
    prefix = f"{scenario.suite}/{scenario.name}/{task.modality}/{part.name}"
    return [hashlib.sha256(f"{prefix}/{k}".encode()).hexdigest()[:LENGTH] for k in range(part.size)]
