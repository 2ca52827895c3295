"""What a world is, before anything is drawn: named parts of known size, and which of them answers which question.

A scenario file describes a world. `benchmark/worlds` has a file for each kind of world, and `generators` a folder that
draws it.
"""

import hashlib
import json
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from spurgen.benchmark.contract import CARRIERS_OF, Carrier, Int64, Modality
from spurgen.benchmark.errors import ReadError, ScenarioError, checked
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.reading import read_toml

Carried = Literal["image", "caption", "both"]
"""Where a world of images and captions shows a shortcut."""
Probability = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**64)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]  # keys random streams and files
KINDS = f"{__package__}.worlds"
MAX_SAMPLES = 10_000_000  # of a split
MAX_TWINS = 100_000
MAX_WORLDS = 1000  # frozen worlds of a scenario


class Frozen(BaseModel):
    """A table that cannot be changed and takes no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Layout(NamedTuple):
    """Which part answers which question about a learner, in one modality.

    `grouped`: parts of the samples whose groups are counted, in order; their sample k has twin k. `averaged`: by
    metric, a further part over whose classes accuracy is averaged. `switched`: by shortcut, its twins, which show all
    of its values, value by value. `rivals`: a part in which all shortcuts show the value of another class. `exchanged`:
    twins that show another class. `agreeing`, `free`: twins in which all shortcuts agree, and in which they are random.
    What a kind of world lacks is None.
    """

    grouped: tuple[str, ...]
    averaged: Mapping[str, str] = {}
    switched: Mapping[str, str] = {}
    rivals: str | None = None
    exchanged: str | None = None
    agreeing: str | None = None
    free: str | None = None

    @property
    def parts(self) -> frozenset[str]:
        """Names of all parts."""
        alone = (self.rivals, self.exchanged, self.agreeing, self.free)
        return frozenset({*self.grouped, *self.averaged.values(), *self.switched.values(), *filter(None, alone)})


class Facts(NamedTuple):
    """Sentences on a description for the users of its data; empty where there is nothing to say.

    `correlated`: names of the shortcuts that tell the label in train. `origin`: where samples come from; `annotation`:
    where labels and factors do.
    """

    correlated: tuple[str, ...] = ()
    biases: str = ""
    counterexamples: str = ""
    test: str = ""
    noise: str = "No label is wrong."
    origin: str = (
        "Nothing was collected: a program draws every image and writes every caption from the scenario and its seed."
    )
    annotation: str = "Labels and factors are those from which a sample was drawn."


class Licence(NamedTuple):
    """Under what others' work in samples may be used: the credit as a sentence, its page, and a file with the text."""

    credit: str
    page: str
    file: Path


class Description(Frozen):
    """The complete description of a world, every sample of which is a function of it, a part and an index.

    `alignment_seed` decides which values go with which class (default: `seed`). A description of several `worlds` is a
    template: `in_world` makes its worlds, which differ in their seeds alone. `rungs`: of a ladder, the numbers of
    counterexamples in train.
    """

    KIND: ClassVar[str]
    """Name of the folder of `generators` that draws it."""
    MARK: ClassVar[str]
    """Key that only files of this kind have."""
    GROUPS: ClassVar[str] = "label x 2, plus 1 where the shortcuts go with another class than the label"
    """What the numbers of groups mean."""
    suite: Name
    name: Name
    seed: Seed
    alignment_seed: Seed | None = None

    if TYPE_CHECKING:  # fields of some kinds, after fields of their own: a digest depends on the order of fields

        @property
        def worlds(self) -> int: ...  # noqa: D102
        @property
        def rungs(self) -> tuple[int, ...]: ...  # noqa: D102
        @property
        def num_classes(self) -> int: ...  # noqa: D102
        @property
        def image_size(self) -> int: ...  # noqa: D102
        @property
        def label_noise(self) -> float: ...  # noqa: D102
        @property
        def ceiling(self) -> float | None: ...  # noqa: D102

    def __hash__(self) -> int:
        """Hash the name, so that what is made of a description can be cached; fields that are dicts have no hash."""
        return hash((self.suite, self.name, self.seed))

    def __eq__(self, other: object) -> bool:
        """Compare the fields and the order in dicts: a group's bits are in the order of the channels."""
        return isinstance(other, type(self)) and self.model_dump_json() == other.model_dump_json()

    @property
    def aligning_seed(self) -> int:
        """Seed that decides which values go with which class; in some worlds, also which split shows which things."""
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

    @property
    def spare_world(self) -> int:
        """The first world that is not frozen, to try things in."""
        return self.worlds

    @property
    @abstractmethod
    def digest(self) -> str:
        """SHA-256 of all fields that the data depend on, independent of how the file is written."""

    @property
    @abstractmethod
    def parts(self) -> Mapping[str, int]:
        """Number of samples of each part."""

    @property
    def licence(self) -> Licence | None:
        """Licence of what others made, if samples show that; all else is under that of the project."""
        return None

    def run_of(self, part: str) -> int:
        """Return the number of samples after which a part shows the next value; else its size."""
        return self.parts[part]

    def encoded(self, part: str) -> tuple["Description", str]:
        """Return the description and the part that are encoded for a part's features; see `World.rows_of`."""
        return self, part

    @property
    @abstractmethod
    def carriers(self) -> frozenset[Carrier]:
        """What its samples have."""

    @property
    def modality(self) -> Modality:
        """The modality that shows all that its samples have."""
        return next(name for name, shown in CARRIERS_OF.items() if self.carriers == {*shown})

    @property
    def measured(self) -> int:
        """Number of classes over which accuracies are averaged."""
        return self.num_classes

    @abstractmethod
    def channels_in(self, modality: Modality) -> tuple[str, ...]:
        """Return the names of the shortcuts that are scored in a modality."""

    @abstractmethod
    def annotated_in(self, modality: Modality) -> tuple[str, ...]:
        """Return those of `channels_in` that training may know."""

    @abstractmethod
    def num_groups(self, channels: tuple[str, ...]) -> int:
        """Return the number of groups over shortcuts."""

    @abstractmethod
    def layout(self, modality: Modality) -> Layout:
        """Return which part answers which question."""

    @abstractmethod
    def facts(self) -> Facts:
        """Return sentences for the users of data."""

    @abstractmethod
    def chosen_parts(self, splits: Collection[str], twins: bool) -> tuple[str, ...]:
        """Return the parts of a data set with these of train, val and test, and with all twins or without."""

    @abstractmethod
    def about_parts(self, parts: Sequence[str]) -> str:
        """Return what parts of a data set are, Markdown."""

    def on_rung(self, counterexamples: int) -> Self:
        """Return a ladder whose only rung has so many counterexamples; raise `ScenarioError` if there can be none."""
        raise ScenarioError(f"{self.name} is no ladder, so it has no {counterexamples} counterexamples; leave them out")

    def shows_class(self, modality: Modality) -> bool:
        """Return whether every sample shows its class."""
        del modality
        return False

    @property
    def calibrated_on(self) -> str:
        """Name of the part on which the temperature is fitted."""
        return "calibration"

    def asked(self, modality: Modality) -> dict[str, int]:
        """Return the sizes of the parts whose predicted classes are stored, in that order."""
        shown = self.layout(modality).parts
        return {part: size for part, size in self.parts.items() if part in shown}

    def base_of(self, part: str) -> tuple[str, int]:
        """Return the part that has the base samples of a part, and their number; a part without bases is its own.

        Sample k of the part has base sample k modulo that number.
        """
        return part, self.parts[part]

    def biased_rows(self, split: str, counterexamples: int) -> slice:
        """Return the rows of train or val that remain without those that make val balanced."""
        del split, counterexamples
        return slice(None)

    def counterparts(self, split: str, counterexamples: int) -> tuple[str, Int64] | None:
        """Return a part, and its index of each sample of train or val: the same with shortcuts at random, if known."""
        del split, counterexamples
        return None

    @abstractmethod
    def flat(self, split: str) -> tuple["Description", str]:
        """Return a description and its part whose samples, like those of train or val, show shortcuts at random."""

    @abstractmethod
    def shrunk(self, counterexamples: int) -> Self:
        """Return a world of the same kind that takes seconds to learn; of a ladder, with one rung."""

    def pieces(self, split: str, counterexamples: int) -> tuple[tuple[str, range], ...]:
        """Return which samples of which parts make up train or val with so many counterexamples, in order."""
        del counterexamples
        return ((split, range(self.parts[split])),)


def noise_sentence(share: float, where: str) -> str:
    """Return a sentence on a share of wrong labels."""
    if not share:
        return Facts().noise
    return f"In {where} {100 * share:g}% of the labels are wrong on purpose; true_label is the class shown."


def digest_of(fields: dict[str, Any]) -> str:
    """Return the SHA-256 of a description's fields; the standard library guarantees how floats are written."""
    return hashlib.sha256(json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def load_scenario(path: str | Path) -> Description:
    """Read a scenario file of any kind.

    Raises `ScenarioError` if the file is missing, is not TOML, is of no kind, or describes an impossible world.
    """
    try:
        fields = read_toml(path, "the scenario file")
    except ReadError as error:
        raise ScenarioError(*error.args) from None
    kinds: dict[str, type[Description]] = {each.DESCRIPTION.MARK: each.DESCRIPTION for each in discover(KINDS).values()}
    marks = [mark for mark in kinds if mark in fields]
    if len(marks) != 1:
        known = " or ".join(f"{mark} (a world of {kind.KIND})" for mark, kind in kinds.items())
        raise ScenarioError(f"{path}: expected one of the keys {known}, found {' and '.join(marks) or 'neither'}")
    kind = kinds[marks[0]]
    validate = partial(kind.model_validate, context=Path(path).parent)  # where files lie that it names
    return checked(validate, fields, lambda why: ScenarioError(f"{path} is not a possible scenario: {why}"))
