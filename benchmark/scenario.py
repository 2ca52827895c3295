"""The complete, frozen description of a world, as a scenario file has it."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.errors import ReadError, ScenarioError, checked
from spurgen.benchmark.reading import read_toml
from spurgen.benchmark.scenario_checks import check_consistent
from spurgen.benchmark.scenario_tables import (
    CARRIERS_OF,
    MAX_CHANNELS,
    MAX_CLASSES,
    MAX_WORLDS,
    Carrier,
    Channel,
    Environment,
    Name,
    Probability,
    SplitSizes,
    WorldFields,
    digest_of,
)

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


class Scenario(WorldFields):
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

    alignment: Literal["random", "natural", "counter"] = "random"
    worlds: Annotated[int, Field(ge=1, le=MAX_WORLDS)] = 1
    num_classes: Annotated[int, Field(ge=2, le=MAX_CLASSES)] = 10
    first_class: Annotated[int, Field(ge=0, lt=MAX_CLASSES)] = 0
    image_size: Annotated[int, Field(ge=32, le=512)] = 64
    channels: Annotated[dict[Name, Channel], Field(max_length=MAX_CHANNELS)]
    environments: Annotated[tuple[Environment, ...], Field(max_length=100)] = ()
    withheld: Annotated[tuple[dict[Name, int], ...], Field(max_length=300)] = ()
    core_carrier: Carrier = "both"
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

    def channels_in(self, modality: Modality) -> tuple[str, ...]:
        """Return the names of the channels that a modality carries, in the scenario's order."""
        return tuple(n for n, c in self.channels.items() if c.carriers & CARRIERS_OF[modality])

    def annotated_in(self, modality: Modality) -> tuple[str, ...]:
        """Return the channels that a modality carries and that annotations of train and val may name."""
        return tuple(name for name in self.channels_in(modality) if not self.channels[name].hidden)

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


def read_description(path: str | Path) -> dict[str, Any]:
    """Return the fields of a scenario file; raise `ScenarioError` if it is missing or is not TOML."""
    try:
        return read_toml(path, "the scenario file")
    except ReadError as error:
        raise ScenarioError(*error.args) from None


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario file.

    Raises `ScenarioError` if the file is missing, is not TOML, or describes an impossible world.
    """
    return make_scenario(str(path), **read_description(path))
