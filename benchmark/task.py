"""A task: a scenario seen through a modality; on a ladder, with a number of counterexamples."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self

from spurgen.benchmark.contract import Backbone, Modality
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.scenario import Scenario

Role = Literal["main", "extra"]
SEEDS = 5  # that a row needs for a rank on a task with one world


@dataclass(frozen=True)
class Task:
    """A scenario seen through one modality, by baselines that start from the weights of `backbone`.

    `backbone`: `scratch`, random weights; `frozen`, a linear head on frozen features of pretrained encoders;
    `finetuned`, the same encoders, all of which is trained.
    `role`: `main`, a task on which the suite must pass its validity tests; `extra`, any other. A role is no part of a
    result's identity.
    """

    name: str
    scenario: Scenario
    modality: Modality
    backbone: Backbone = "scratch"
    role: Role = "extra"

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels that the modality carries."""
        return self.scenario.channels_in(self.modality)

    @property
    def annotated(self) -> tuple[str, ...]:
        """Those of `channels` that are not hidden from training."""
        return self.scenario.annotated_in(self.modality)

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return self.scenario.num_classes

    @property
    def num_groups(self) -> int:
        """Number of (class, alignment pattern) groups over `channels`."""
        return int(self.scenario.num_classes * 2 ** len(self.channels))

    @property
    def units_asked(self) -> int:
        """Number of worlds that a row needs for a rank, or of training seeds where the scenario has one world."""
        return self.scenario.worlds if self.scenario.worlds > 1 else SEEDS

    @cached_property
    def worlds(self) -> tuple[Scenario, ...]:
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


@dataclass(frozen=True)
class Rung(Task):
    """A task of a ladder: its world with a number of counterexamples in train."""

    scenario: Ladder  # type: ignore[assignment]  # it lacks the attributes that only worlds of pictograms have
    counterexamples: int = 0
    of: str = ""
    """Name of its ladder."""

    @property
    def ladder(self) -> Ladder:
        """World or template of the ladder."""
        return self.scenario

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the shortcuts that move and that the modality shows."""
        return self.ladder.shortcuts_in(self.modality)

    @property
    def annotated(self) -> tuple[str, ...]:
        """Names of the shortcuts that training may know: all that are not hidden."""
        return tuple(name for name in self.channels if name not in self.ladder.hidden)

    @property
    def num_groups(self) -> int:
        """Number of groups: whether shortcuts agree or mislead, in each class."""
        return 2 * self.ladder.num_classes
