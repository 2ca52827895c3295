"""The tables of a scenario file, and the types of their fields."""

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from spurgen.benchmark.contract import Modality

Carrier = Literal["image", "caption", "both"]
CARRIERS_OF: dict[Modality, frozenset[str]] = {
    "image": frozenset({"image"}), "text": frozenset({"caption"}), "multimodal": frozenset({"image", "caption"}),
}  # fmt: skip
"""Halves of a sample that each modality shows."""
Probability = Annotated[float, Field(ge=0, le=1)]
Strength = Probability | tuple[Probability, ...]
Seed = Annotated[int, Field(ge=0, lt=2**64)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]  # keys random streams and files

BALANCED = ("calibration", "test")  # splits with a fixed number of samples of every group
MAX_CLASSES = 20
MAX_CHANNELS = 16  # so 2**16 alignment patterns
MAX_SAMPLES = 10_000_000  # of a split
MAX_TWINS = 100_000
MAX_WORLDS = 1000  # frozen worlds of a scenario
Size = Annotated[int, Field(ge=1, le=MAX_SAMPLES)]
ALIGNED_PER_CLASS = {"one-to-one": 1, "many-to-many": 2}  # values of a channel that go with a class


class Frozen(BaseModel):
    """A table that cannot be changed and takes no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class WorldFields(Frozen):
    """What scenarios and ladders share; `alignment_seed` decides which values go with which class (default: `seed`)."""

    suite: Name
    name: Name
    seed: Seed
    alignment_seed: Seed | None = None

    if TYPE_CHECKING:  # declared by both, after fields of their own: a digest depends on the order of fields
        worlds: int = 1

    def __hash__(self) -> int:
        """Hash the name, so that what is made of a description can be cached; fields that are dicts have no hash."""
        return hash((self.suite, self.name, self.seed))

    def __eq__(self, other: object) -> bool:
        """Compare the fields and the order in dicts: a group's bits are in the order of the channels."""
        return isinstance(other, type(self)) and self.model_dump_json() == other.model_dump_json()

    @property
    def aligning_seed(self) -> int:
        """Seed that decides which values go with which class; of a ladder, also which split shows which things."""
        return self.seed if self.alignment_seed is None else self.alignment_seed

    def in_world(self, world: int) -> Self:
        """Return a world of a template: the description itself if it has only one, which all training seeds share.

        Worlds from `worlds` on are not frozen: methods are tuned on them.
        """
        if self.worlds == 1:
            return self
        key = hashlib.sha256(f"{self.suite}/{self.seed}/world/{world}".encode()).digest()
        seed = int.from_bytes(key[:8], "little")
        return self.model_copy(update={"name": f"{self.name}-w{world}", "seed": seed, "worlds": 1})


def digest_of(fields: dict[str, Any]) -> str:
    """Return the SHA-256 of a description's fields; the standard library guarantees how floats are written."""
    return hashlib.sha256(json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


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
    carrier: Carrier = "both"
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
    strength: dict[Name, Strength] = {}


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
