"""The world of pictograms behind the interface that all kinds of worlds have."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Carrier, Int64, LabeledData, Modality
from spurgen.benchmark.worlds.pictograms import Scenario
from spurgen.generators.pictograms.law import evidence, ideal_observer
from spurgen.generators.pictograms.sampling import NO_ENVIRONMENT, drawn, groups_over, sample, shown_classes, twins
from spurgen.generators.pictograms.shapes import class_names
from spurgen.generators.pictograms.state import State, aligned_values, state_of
from spurgen.generators.world import ALL, FITTED, Samples, World


@dataclass(frozen=True)
class PictogramWorld(World):
    """Pictograms, of which every part of `Scenario.parts` can be drawn, and the twins of train and val.

    `train/free` and `val/free` are those twins: the same samples with all channels redrawn that are not hidden. Indices
    may lie past a split's size.
    """

    state: State

    @property
    def description(self) -> Scenario:
        """The scenario."""
        return self.state.scenario

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the pictograms."""
        return class_names(self.description)

    @cached_property
    def values(self) -> dict[str, tuple[str, ...]]:
        """Names of each channel's values, by channel."""
        kinds = self.state.kinds
        return {
            name: tuple(map(str, kinds[c.kind].VALUES[: c.values])) for name, c in self.description.channels.items()
        }

    @cached_property
    def goes(self) -> dict[str, NDArray[np.bool_]]:
        """Which values of each channel go with which class, bool (V, K)."""
        return {name: aligned_values(self.description, name) for name in self.description.channels}

    def draw(self, part: str, indices: Int64 | range | list[int], carriers: Collection[Carrier] = ALL) -> Samples:
        """Return samples of a part, or of a split beyond its size; see `World.draw`."""
        halves = {"images": "image" in carriers, "captions": "caption" in carriers}
        split, kind, channel, value, places = self._place(part, indices)
        if kind is None:
            return sample(self.description, split, places, **halves)
        return twins(self.description, split, places, kind, channel, value, **halves)

    def _place(self, part: str, indices: Int64 | range | list[int]) -> Any:  # noqa: ANN401  # five arguments of `drawn`
        """Return a part's split, kind of twin, channel and values, and the places of its samples in the split."""
        head, _, rest = part.partition("/")
        if rest == "free":
            return head, "unc", None, None, indices
        if head != "twins":
            return part, None, None, None, indices
        kind, _, channel = rest.partition("/")
        if kind != "channel":
            return "test", kind, channel or None, None, indices
        value, places = np.divmod(np.asarray(indices), self.description.splits.twins)
        return "test", kind, channel, value, places

    def groups(self, channels: tuple[str, ...], samples: Samples) -> Int64:
        """Return the groups over channels, int64 (n,): label * 2**len(channels) + pattern."""
        return groups_over(self.description, channels, samples.group_ids)

    def labeled(self, modality: Modality, split: str, samples: Samples) -> LabeledData:
        """Return train or val with all annotations; balanced samples of val belong to no environment, -1."""
        annotated = self.description.annotated_in(modality)
        balanced = np.arange(len(samples.labels)) < self.description.first_biased(split)
        environments = np.where(balanced, NO_ENVIRONMENT, samples.env_ids)
        values = {name: samples.channel_values[name] for name in annotated}
        groups = self.groups(annotated, samples)
        count = self.description.num_groups(annotated)
        return LabeledData(samples.inputs, samples.labels, count, environments, groups, values)

    def shown(self, split: str, counterexamples: int, rows: range, samples: Samples) -> Int64:
        """Return the classes shown, int64 (n,), which label noise makes differ from the labels."""
        del counterexamples
        if split not in FITTED or not self.description.label_noise:
            return samples.labels
        return shown_classes(self.description, split, rows)

    def ideal(self, part: str, indices: range, modality: Modality) -> NDArray[np.float64]:
        """Return Pr(label | what a sample shows) under the law of training, float64 (n, K)."""
        split, kind, channel, value, places = self._place(part, indices)
        made = drawn(self.description, split, places, kind, channel, value)
        return ideal_observer(self.description).probabilities(evidence(made, modality))


def make_world(scenario: Scenario) -> PictogramWorld:
    """Check and prepare a scenario; raise `ScenarioError` if it cannot be drawn as described."""
    return PictogramWorld(state_of(scenario))
