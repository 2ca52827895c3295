"""Worlds of pictograms: the scenario file of `spurgen run`, with channels of any strength."""

from collections.abc import Collection, Sequence
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from spurgen.benchmark.contract import CARRIERS_OF, Carrier, Int64, Modality
from spurgen.benchmark.errors import ScenarioError, checked, shortened
from spurgen.benchmark.world import (
    MAX_SAMPLES,
    MAX_TWINS,
    MAX_WORLDS,
    Carried,
    Description,
    Facts,
    Frozen,
    Layout,
    Name,
    Probability,
    digest_of,
    noise_sentence,
)

BALANCED = ("calibration", "test")  # splits with a fixed number of samples of every group
MAX_CLASSES = 20
MAX_CHANNELS = 16  # so 2**16 alignment patterns
Strength = Probability | tuple[Probability, ...]
Size = Annotated[int, Field(ge=1, le=MAX_SAMPLES)]
NUISANCES = ("place", "size", "tilt", "tone", "noise", "wording")
"""What varies from sample to sample, and tells nothing about class or channels."""
TWINS = {
    "channel": ("twins/channel/NAME", "the value of one channel, which is in the channel's column"),
    "placebo": ("twins/placebo` and `twins/placebo/NUISANCE", "all nuisances or one"),
    "core": ("twins/core", "the class"),
    "ctrl": ("twins/ctrl", "all channels show the values that go with the class"),
    "unc": ("twins/unc", "all channels are redrawn"),
}
SHRUNK = {"train": 400, "val": 200, "test": 800}  # samples
ALIGNED_PER_CLASS = {"one-to-one": 1, "many-to-many": 2}  # values of a channel that go with a class


class Channel(Frozen):
    """A spurious channel of a scenario.

    `strength` is Pr(aligned value | class), one number or one per class; `magnitude` in [0, 1] scales how strongly the
    value shows in the image, and `variance` in [0, 1] spreads the magnitude uniformly by +-variance from sample to
    sample. `kind` names the plug-in that draws the channel (default: the channel's own name), so two channels may share
    a kind, one in the image and the other in the caption. A `hidden` channel is not annotated in train and val, and not
    redrawn in their twins.
    """

    values: Annotated[int, Field(ge=2, le=1000)] = 10
    strength: Strength = 0.75
    carrier: Carried = "both"
    kind: Annotated[str, Field(max_length=100)] = ""
    alignment: Literal["one-to-one", "many-to-many"] = "one-to-one"
    magnitude: Probability = 1.0
    variance: Probability = 0.0
    hidden: bool = False

    @property
    def carriers(self) -> frozenset[str]:
        """What shows the channel: the image, the caption, or both."""
        return frozenset({"image", "caption"} if self.carrier == "both" else {self.carrier})

    @property
    def unbiased(self) -> float:
        """Strength at which all values are equally likely."""
        return min(ALIGNED_PER_CLASS[self.alignment] / self.values, 1.0)


class Environment(Frozen):
    """A part of the training split with strengths of its own."""

    name: Name
    weight: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    strength: dict[Name, Strength] = Field({})


class SplitSizes(Frozen):
    """Split sizes in samples; `..._per_group` counts the samples of each (class, pattern) group.

    The first `twins` test samples have twins; default: 1,000, or all if there are fewer. `conflicting_per_class` test
    samples of each class are added, with all channels conflicting. Of `val`, the first `val_per_group` of each group
    are balanced, the others at train's strengths, and no label of val is noisy. `calibration` is balanced as `test` is,
    and no submission gets its labels: the temperature is fitted on it, or on `val` if it has 0 samples. Of the samples
    with twins, the first `nuisance_twins` also have one for every single nuisance that is redrawn.
    """

    train: Size = 6000
    val: Size = 2000
    val_per_group: Annotated[int, Field(ge=0, le=MAX_SAMPLES)] = 0
    test_per_group: Size = 100
    conflicting_per_class: Annotated[int, Field(ge=0, le=MAX_SAMPLES)] = 0
    calibration_per_group: Annotated[int, Field(ge=0, le=MAX_SAMPLES)] = 0
    twins: Annotated[int, Field(ge=1, le=MAX_TWINS)] = 1000
    nuisance_twins: Annotated[int, Field(ge=0, le=MAX_TWINS)] = 0


_ADDED = {
    "": {"first_class", "alignment_seed", "alignment", "worlds", "core_carrier", "noise_kind", "captions"},
    "splits": {"calibration_per_group", "val_per_group", "conflicting_per_class", "nuisance_twins"},
    "channels": {"hidden"},
}
"""Fields that were added later: digests leave them out at their defaults, so that those of old files stay the same."""


def _named(name: str, spec: object) -> object:
    if isinstance(spec, Channel):
        return spec if spec.kind else spec.model_copy(update={"kind": name})
    return {"kind": name, **spec} if isinstance(spec, dict) else spec


class Scenario(Description):
    """A complete description of a world; every sample is a function of it, a split and an index.

    The classes are `num_classes` pictograms from `first_class` on. `core_size` and `core_contrast` are relative to the
    world's default. `core_visibility` is the probability that the core cue is drawn at all, `label_noise` that a train
    label, or without `val_per_group` a val label, is not the class shown, `caption_fidelity` that a caption mentions a
    given channel. `withheld` lists combinations that train and val never show, as indices, such as
    `{class = 0, background = 3}`; a sample that would show one has its last-named channel redrawn uniformly over the
    values that are left. `alignment_seed` decides which values go with which class (default: `seed`), so two worlds can
    share the alignment.

    A scenario of several `worlds` is a template: `in_world` makes its worlds, which differ in their seeds alone.
    `core_carrier` says where pictogram and noun are shown. `alignment` says which values go with which class: random
    ones, or, for kinds that have them, `natural` ones (a green tree) or those of another class (`counter`). With
    `noise_kind` `core`, label noise changes the class shown, and channels follow the label; with `label`, it changes
    the recorded label, and channels follow the class shown. `captions` is the grammar: `plain`, in lower case, or
    `natural`, as people write.
    """

    KIND: ClassVar = "pictograms"
    MARK: ClassVar = "channels"
    GROUPS: ClassVar = "label x 2^channels + pattern, whose bit k is 1 where channel k conflicts"
    alignment: Literal["random", "natural", "counter"] = "random"
    worlds: Annotated[int, Field(ge=1, le=MAX_WORLDS)] = 1
    num_classes: Annotated[int, Field(ge=2, le=MAX_CLASSES)] = 10
    first_class: Annotated[int, Field(ge=0, lt=MAX_CLASSES)] = 0
    image_size: Annotated[int, Field(ge=32, le=512)] = 64
    channels: Annotated[dict[Name, Channel], Field(max_length=MAX_CHANNELS)]
    environments: Annotated[tuple[Environment, ...], Field(max_length=100)] = ()
    withheld: Annotated[tuple[dict[Name, int], ...], Field(max_length=300)] = ()
    core_carrier: Carried = "both"
    core_visibility: Probability = 1.0
    core_size: Annotated[float, Field(ge=0.25, le=1.5)] = 1.0
    core_contrast: Probability = 1.0
    label_noise: Annotated[float, Field(ge=0, lt=1)] = 0.0
    noise_kind: Literal["core", "label"] = "core"
    captions: Literal["plain", "natural"] = "plain"
    caption_fidelity: Probability = 1.0
    splits: Annotated[SplitSizes, Field(validate_default=True)] = SplitSizes()

    @model_validator(mode="before")
    @classmethod
    def _name_kinds(cls, data: object) -> object:
        """Fill in the default kind, each channel's own name."""
        if not isinstance(data, dict) or not isinstance(data.get("channels"), dict):
            return data
        return {**data, "channels": {name: _named(name, spec) for name, spec in data["channels"].items()}}

    @field_validator("splits")
    @classmethod
    def _at_most_all_have_twins(cls, splits: SplitSizes, info: ValidationInfo) -> SplitSizes:
        """Lower the default number of twins where test has fewer samples."""
        if "twins" in splits.model_fields_set or not {"num_classes", "channels"} <= set(info.data):
            return splits
        groups = info.data["num_classes"] * 2 ** len(info.data["channels"])
        num_test = splits.test_per_group * groups + splits.conflicting_per_class * info.data["num_classes"]
        return splits.model_copy(update={"twins": min(splits.twins, num_test)})

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check_consistent(self)
        return self

    @property
    def rungs(self) -> tuple[int, ...]:
        """None: there is no ladder of worlds of pictograms."""
        return ()

    @property
    def num_patterns(self) -> int:
        """Number of alignment patterns over all channels."""
        return int(2 ** len(self.channels))

    @property
    def num_balanced_test(self) -> int:
        """Number of test samples, the first ones, that are balanced over groups."""
        return int(self.splits.test_per_group * self.num_classes * self.num_patterns)

    @property
    def num_test(self) -> int:
        """Number of test samples."""
        return int(self.num_balanced_test + self.splits.conflicting_per_class * self.num_classes)

    @property
    def num_balanced_val(self) -> int:
        """Number of val samples, the first ones, that are balanced over groups."""
        return int(self.splits.val_per_group * self.num_classes * self.num_patterns)

    @property
    def split_sizes(self) -> dict[str, int]:
        """Number of samples of each split; `calibration` may have none."""
        calibration = self.splits.calibration_per_group * self.num_classes * self.num_patterns
        return {"train": self.splits.train, "val": self.splits.val, "calibration": calibration, "test": self.num_test}

    @property
    def calibrated_on(self) -> str:
        """Name of the split on which the temperature is fitted."""
        return "calibration" if self.splits.calibration_per_group else "val"

    def split_size(self, split: str) -> int:
        """Return the number of samples of a split, one of `train`, `val`, `calibration`, `test`."""
        if split not in self.split_sizes:
            raise ScenarioError(f"unknown split {split!r}; choose one of {', '.join(self.split_sizes)}")
        return self.split_sizes[split]

    @property
    def parts(self) -> dict[str, int]:
        """Number of samples of each part; twins are those of the first test samples, a channel's value by value."""
        bases = self.splits.twins
        kinds = {f"twins/{kind}": bases for kind in ("placebo", "core", "ctrl", "unc")}
        if self.splits.nuisance_twins:
            kinds |= {f"twins/placebo/{nuisance}": self.splits.nuisance_twins for nuisance in NUISANCES}
        channels = {f"twins/channel/{name}": bases * channel.values for name, channel in self.channels.items()}
        return {split: size for split, size in self.split_sizes.items() if size} | kinds | channels

    def run_of(self, part: str) -> int:
        """Return the number of samples after which a channel's twins show its next value; else the part's size."""
        return self.splits.twins if part.startswith("twins/channel/") else self.parts[part]

    @property
    def carriers(self) -> frozenset[Carrier]:
        """What its samples have: images and captions."""
        return frozenset(CARRIERS_OF["multimodal"])

    def channels_in(self, modality: Modality) -> tuple[str, ...]:
        """Return the names of the channels that a modality carries, in the scenario's order."""
        shown = CARRIERS_OF[modality]
        return tuple(name for name, channel in self.channels.items() if not channel.carriers.isdisjoint(shown))

    def annotated_in(self, modality: Modality) -> tuple[str, ...]:
        """Return the channels that a modality carries and that annotations of train and val may name."""
        return tuple(name for name in self.channels_in(modality) if not self.channels[name].hidden)

    def num_groups(self, channels: tuple[str, ...]) -> int:
        """Return the number of (class, alignment pattern) groups over channels."""
        return int(self.num_classes * 2 ** len(channels))

    def layout(self, modality: Modality) -> Layout:
        """Return which part answers which question."""
        switched = {name: f"twins/channel/{name}" for name in self.channels_in(modality)}
        return Layout(("test",), {}, switched, None, "twins/core", "twins/ctrl", "twins/unc")

    def base_of(self, part: str) -> tuple[str, int]:
        """Return the part that has the base samples of a part, and their number: of twins, the first test samples."""
        return ("test", self.splits.twins) if part.startswith("twins/") else (part, self.parts[part])

    def facts(self) -> Facts:
        """Return sentences for users of data; a channel tells the label unless all its values are equally likely."""
        found = []
        for name, channel in self.channels.items():
            own = [environment.strength.get(name, channel.strength) for environment in self.environments]
            strengths = np.hstack([np.ravel(strength) for strength in own or [channel.strength]])
            if not np.allclose(strengths, channel.unbiased):
                found.append(name)
        names, n = ", ".join(found), self.num_balanced_val
        even = f" (except for the first {n:,} of val, which are balanced)" if n else ""
        tell = f"these channels are correlated with the label on purpose: {names}"
        extra = self.splits.conflicting_per_class * self.num_classes
        top = f", and {extra:,} samples come on top in which all channels conflict" if extra else ""
        return Facts(
            tuple(found), f"In train and val{even} {tell if found else 'no channel tells the label'}.", "",
            f"In test every class occurs with every alignment pattern equally often{top}.",
            noise_sentence(self.label_noise, "train" if self.splits.val_per_group else "train and val"),
        )  # fmt: skip

    def chosen_parts(self, splits: Collection[str], twins: bool) -> tuple[str, ...]:
        """Return the parts of a data set."""
        return (*splits, *(part for part in self.parts if twins and part.startswith("twins/")))

    def about_parts(self, parts: Sequence[str]) -> str:
        """Return what twins are, if there are any."""
        own = {part.split("/")[1] for part in parts if part.startswith("twins/")}
        said = "; ".join(f"{what} (`{place}`)" for kind, (place, what) in TWINS.items() if kind in own)
        return f"A twin is its base sample in test with one change: {said}." if said else ""

    def first_biased(self, split: str) -> int:
        """Return the index of the first sample of train or val that is drawn at train's strengths."""
        return self.num_balanced_val if split == "val" else 0

    def biased_rows(self, split: str, counterexamples: int) -> slice:
        """Return the rows of train or val that are drawn at train's strengths."""
        del counterexamples
        return slice(self.first_biased(split), None)

    def counterparts(self, split: str, counterexamples: int) -> tuple[str, Int64]:
        """Return a part, and its index of each sample: the same with all channels redrawn that are not hidden."""
        del counterexamples
        return f"{split}/free", np.arange(self.split_size(split))

    def flat(self, split: str) -> tuple[Self, str]:
        """Return the same world with every channel drawn uniformly, and the split."""
        return self.uncorrelated(), split

    def shrunk(self, counterexamples: int) -> Self:
        """Return a world with at most 400 samples of train, 200 biased ones of val, and few of every group of test."""
        del counterexamples
        per_group = -(-SHRUNK["test"] // self.num_groups(tuple(self.channels)))
        sizes = {
            "train": min(self.splits.train, SHRUNK["train"]),
            "val": min(self.splits.val, self.num_balanced_val + SHRUNK["val"]),
            "test_per_group": min(self.splits.test_per_group, per_group), "conflicting_per_class": 0,
            "twins": 1, "nuisance_twins": 0,
        }  # fmt: skip
        return self.model_copy(update={"splits": self.splits.model_copy(update=sizes)})

    @property
    def ceiling(self) -> float:
        """Best possible test accuracy from a core cue that is drawn whole or not at all: chance where it is not."""
        return self.core_visibility + (1 - self.core_visibility) / self.num_classes

    def uncorrelated(self) -> Self:
        """Return the same world with every channel drawn uniformly in one environment, and no combination withheld."""
        flat = {n: c.model_copy(update={"strength": c.unbiased}) for n, c in self.channels.items()}
        return self.model_copy(update={"channels": flat, "environments": (), "withheld": ()})

    @property
    def digest(self) -> str:
        """SHA-256 of all fields, independent of how the file is written."""
        fields, changed = self.model_dump(mode="json"), self.model_dump(exclude_defaults=True)
        parts = [("", fields, changed), ("splits", fields["splits"], changed.get("splits", {}))]
        parts += [("channels", table, changed["channels"][name]) for name, table in fields["channels"].items()]
        for part, table, kept in parts:
            for name in _ADDED[part] - kept.keys():
                del table[name]
        return digest_of(fields)


def make_scenario(source: str, /, **fields: object) -> Scenario:
    """Build a scenario; on a bad field raise `ScenarioError` that names `source`, the field and the value."""
    return checked(
        Scenario.model_validate, fields, lambda why: ScenarioError(f"{source} is not a possible scenario: {why}")
    )


def pictograms(world: Description) -> Scenario:
    """Return a description of pictograms as it is; raise `ScenarioError` for one of another kind."""
    if not isinstance(world, Scenario):
        raise ScenarioError(f"scenario {world.name} describes {world.KIND}; expected pictograms, with [channels]")
    return world


def check_consistent(scenario: Scenario) -> None:
    """Raise `ValueError` if the fields of a scenario, each possible by itself, describe no possible world."""
    if "class" in scenario.channels:
        raise ValueError("channels.class: a channel cannot be named class; name it otherwise and set its kind")
    for name, channel in scenario.channels.items():
        _check_strength(scenario, f"channels.{name}.strength", channel.strength)
    _check_environments(scenario)
    for combination in scenario.withheld:
        _check_combination(scenario, combination)
    _check_carriers(scenario)
    end = scenario.first_class + scenario.num_classes
    if end > MAX_CLASSES:
        raise ValueError(f"first_class: classes {scenario.first_class} to {end - 1} exceed the {MAX_CLASSES} there are")
    _check_sizes(scenario)


def _check_strength(scenario: Scenario, where: str, strength: Strength) -> None:
    if isinstance(strength, tuple) and len(strength) != scenario.num_classes:
        raise ValueError(f"{where}: {len(strength)} values for {scenario.num_classes} classes")


def _check_environments(scenario: Scenario) -> None:
    names = [environment.name for environment in scenario.environments]
    if len(set(names)) < len(names):
        raise ValueError(f"environments: each needs a name of its own, not {', '.join(names)}")
    for environment in scenario.environments:
        for name, strength in environment.strength.items():
            where = f"environment {environment.name!r}"
            if name not in scenario.channels:
                raise ValueError(f"{where}: unknown channel {name!r}; this one has {', '.join(scenario.channels)}")
            _check_strength(scenario, f"{where}, {name}", strength)


def _check_combination(scenario: Scenario, combination: dict[str, int]) -> None:
    where = f"withheld {shortened(combination)}"
    if len(combination) < 2:
        raise ValueError(f"{where}: name at least two of class and the channels")
    for name, value in combination.items():
        if name != "class" and name not in scenario.channels:
            raise ValueError(f"{where}: unknown channel {name!r}")
        size = scenario.num_classes if name == "class" else scenario.channels[name].values
        if not 0 <= value < size:
            raise ValueError(f"{where}: {name} has the values 0 to {size - 1}")


def _check_carriers(scenario: Scenario) -> None:
    carried: set[tuple[str, str]] = set()
    for name, channel in scenario.channels.items():
        for carrier in sorted(channel.carriers, reverse=True):
            if (channel.kind, carrier) in carried:
                raise ValueError(f"channels.{name}: another one draws {channel.kind} in the {carrier}")
            carried.add((channel.kind, carrier))


def _check_sizes(scenario: Scenario) -> None:
    splits = scenario.splits
    for split in BALANCED:
        size = scenario.split_sizes[split]
        if size > MAX_SAMPLES:
            raise ValueError(f"splits.{split}_per_group: {size:,} {split} samples in all, at most {MAX_SAMPLES:,}")
    if splits.val_per_group and scenario.num_balanced_val >= splits.val:
        raise ValueError(
            f"splits.val_per_group: {scenario.num_balanced_val:,} balanced val samples, of {splits.val:,} in all; "
            "submissions without groups are given the others only, so there must be some"
        )
    if splits.val_per_group and scenario.withheld:
        raise ValueError("withheld: val cannot be balanced (splits.val_per_group) and lack combinations; leave one out")
    if splits.twins > scenario.num_test:
        raise ValueError(f"splits.twins: {splits.twins} exceeds the {scenario.num_test} test samples")
    if splits.nuisance_twins > splits.twins:
        raise ValueError(f"splits.nuisance_twins: {splits.nuisance_twins} exceeds twins, {splits.twins}")


DESCRIPTION = Scenario
