"""A task: a world seen through a modality; on a ladder, with a number of counterexamples in train."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self

from spurgen.benchmark.contract import CARRIERS_OF, Backbone, Modality
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.world import Description

Role = Literal["main", "extra"]
SEEDS = 5  # that a row needs for a rank on a task with one world


@dataclass(frozen=True)
class Task:
    """A world seen through one modality, by baselines that start from the weights of `backbone`.

    `backbone`: `scratch`, random weights; `frozen`, a linear head on frozen features of pretrained encoders;
    `finetuned`, the same encoders, all of which is trained.
    `role`: `main`, a task on which the suite must pass its validity tests; `extra`, any other. A role is no part of a
    result's identity. `of`: name of its ladder, or "" for a task that is no rung; `counterexamples`: those in train.
    """

    name: str
    scenario: Description
    modality: Modality
    backbone: Backbone = "scratch"
    role: Role = "extra"
    counterexamples: int = 0
    of: str = ""

    def __post_init__(self) -> None:
        lacking = {*CARRIERS_OF[self.modality]} - self.scenario.carriers
        if lacking:
            raise ScenarioError(
                f"{self.scenario.name} cannot be shown as {self.modality}: its samples have no {' and '.join(lacking)}"
            )

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Names of the shortcuts that are scored: those that the modality shows."""
        return self.scenario.channels_in(self.modality)

    @cached_property
    def annotated(self) -> tuple[str, ...]:
        """Those of `channels` that are not hidden from training."""
        return self.scenario.annotated_in(self.modality)

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return self.scenario.num_classes

    @property
    def num_train(self) -> int:
        """Number of train samples."""
        return self.num_fitted("train")

    def num_fitted(self, split: str) -> int:
        """Return the number of samples of train or val."""
        return sum(len(rows) for _, rows in self.scenario.pieces(split, self.counterexamples))

    @property
    def has_twins(self) -> bool:
        """Whether train has twins that can be granted."""
        return self.scenario.counterparts("train", self.counterexamples) is not None

    @property
    def num_groups(self) -> int:
        """Number of groups over `channels`: of each class, by which shortcuts agree with it."""
        return self.scenario.num_groups(self.channels)

    @property
    def units_asked(self) -> int:
        """Number of worlds that a row needs for a rank, or of training seeds where the scenario has one world."""
        return self.scenario.worlds if self.scenario.worlds > 1 else SEEDS

    @cached_property
    def worlds(self) -> tuple[Description, ...]:
        """The frozen worlds of its scenario, in order."""
        return tuple(self.scenario.in_world(k) for k in range(self.scenario.worlds))

    def in_world(self, seed: int) -> Self:
        """Return the task in the world of a training seed: the task itself if its scenario has one world."""
        known = seed < self.scenario.worlds
        return replace(self, scenario=self.worlds[seed] if known else self.scenario.in_world(seed))

    def in_frozen_world(self, seed: int) -> Self:
        """Return the task in a frozen world; raise `ScenarioError` if the seed's world is not frozen."""
        worlds = self.scenario.worlds
        if 1 < worlds <= seed:
            raise ScenarioError(f"task {self.name} has no world {seed}: seeds are worlds here, 0 to {worlds - 1}")
        return self.in_world(seed)


def rungs_of(
    world: Description, modality: Modality, *, of: str = "", backbone: Backbone = "frozen", role: Role = "extra"
) -> tuple[Task, ...]:
    """Return the rungs of a ladder, named `of` or as its description, in its order; none of a world without rungs."""
    name = of or world.name
    return tuple(Task(f"{name}-{m}", world, modality, backbone, role, counterexamples=m, of=name) for m in world.rungs)
