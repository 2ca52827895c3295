"""Names of a task's inputs, which say neither what an input shows nor which others are its twins."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from spurgen.benchmark.task import Rung, Task
from spurgen.harness.running.rungs import asked_parts
from spurgen.harness.running.task_data import Block, every_input

LENGTH = 16  # hexadecimal digits: among 10^7 keys two are equal with probability 3e-6


@dataclass(frozen=True)
class Part:
    """Consecutive inputs of a task in one world: of a block, or those to calibrate on if `block` is None.

    Of a rung, `block` is the name of a part of its ladder.
    """

    block: Block | str | None
    indices: range

    @property
    def name(self) -> str:
        """Name of the block."""
        return self.block if isinstance(self.block, str) else self.block.name if self.block else "calibration"


def parts_of(task: Task, chunk: int = 1000) -> Iterator[Part]:
    """Yield all inputs of a task in one world, at most `chunk` at a time: calibration, test, and all twins.

    They are the same on every rung of a ladder.
    """
    if isinstance(task, Rung):
        for name, size in asked_parts(task).items():
            for start in range(0, size, chunk):
                yield Part(name, range(start, min(start + chunk, size)))
        return
    whole = range(task.scenario.split_size(task.scenario.calibrated_on))
    for start in range(0, len(whole), chunk):
        yield Part(None, whole[start : start + chunk])
    for block, indices in every_input(task, chunk):
        yield Part(block, indices)


def keys_of(task: Task, part: Part) -> list[str]:
    """Return the keys of inputs, in their order: digests of suite, world, modality, block and index."""
    scenario = task.scenario
    prefix = f"{scenario.suite}/{scenario.name}/{task.modality}/{part.name}"
    return [hashlib.sha256(f"{prefix}/{k}".encode()).hexdigest()[:LENGTH] for k in part.indices]
