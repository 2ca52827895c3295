"""Names of a task's inputs, which say neither what an input shows nor which others are its twins."""

import hashlib
from typing import NamedTuple

from spurgen.benchmark.task import Rung, Task
from spurgen.harness.running.rungs import asked_parts
from spurgen.harness.running.task_data import Block, bases, twin_blocks

LENGTH = 16  # hexadecimal digits: among 10^7 keys two are equal with probability 3e-6


class Part(NamedTuple):
    """Inputs of a task in one world: of a block, or those to calibrate on if `block` is None.

    Of a rung, `block` is the name of a part of its ladder.
    """

    block: Block | str | None
    size: int

    @property
    def name(self) -> str:
        """Name of the block."""
        return self.block if isinstance(self.block, str) else self.block.name if self.block else "calibration"


def parts_of(task: Task) -> list[Part]:
    """Return all inputs of a task in one world: calibration, test, and all twins; on a ladder alike on every rung."""
    if isinstance(task, Rung):
        return [Part(name, size) for name, size in asked_parts(task).items()]
    blocks = [Part(block, len(bases(task, block))) for block in (Block(), *twin_blocks(task))]
    return [Part(None, task.scenario.split_size(task.scenario.calibrated_on)), *blocks]


def keys_of(task: Task, part: Part) -> list[str]:
    """Return the keys of inputs, in their order: digests of suite, world, modality, block and index."""
    scenario = task.scenario
    prefix = f"{scenario.suite}/{scenario.name}/{task.modality}/{part.name}"
    return [hashlib.sha256(f"{prefix}/{k}".encode()).hexdigest()[:LENGTH] for k in range(part.size)]
