"""Collections: labelled samples with a shortcut that nobody drew, in a file of arrays."""

from collections.abc import Collection as Group
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import Field, ValidationInfo, field_validator

from spurgen.benchmark.contract import CARRIERS_OF, Carrier, Modality
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.world import MAX_WORLDS, Description, Facts, Layout, Licence, digest_of

STEP = 4
LEAST_IN_VAL = 16  # counterexamples above 0; val has a quarter of train's, as on the suite's ladders
CREDITS = "CREDITS.md"
RULED = "A rule or a person gave the labels."
CREDIT = f"The samples are others' work, under the licences that {CREDITS} names."
EVERY = "every"
"""Part that has all samples of a file, in order."""
EVERYTHING = -1
"""Stands, in place of a number of counterexamples, for all samples of train and val."""
GROUPED = ("test/agree", "test/mislead")


class Collection(Description):
    """A ladder over samples that nobody drew, in a file of arrays; `spurgen run --metadata` writes one.

    `table`: the file, beside the scenario's; `sha256`: that of its content. Samples are of one of `classes` and have
    what `shown` names. In a counterexample the value of `shortcut` goes with another class. `sizes`: samples of each
    part. `averaged`: number of classes in whose test samples it agrees and misleads: accuracies are averaged over them.
    Worlds are draws, in each of which rungs are nested. Names of the file's arrays that are of this collection alone
    begin with `within`. `samples`: all that the file has, if each is to be
    encoded once for all draws. With `environments`, training may be given them: a quarter of the counterexamples and
    half of the others lie in environment 0. `about`: what label and shortcut are, and the source, Markdown. `ceiling`:
    as of `Ladder`.
    """

    KIND: ClassVar = "collections"
    MARK: ClassVar = "table"
    label_noise: ClassVar = 0.0
    table: Path
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    within: str = ""
    classes: Annotated[tuple[str, ...], Field(min_length=2)]
    averaged: Annotated[int, Field(ge=2)]
    shortcut: str
    shown: Annotated[tuple[Carrier, ...], Field(min_length=1)] = ("features",)
    sizes: Annotated[Mapping[str, Annotated[int, Field(ge=0)]], Field(min_length=1)]
    rungs: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] = (0,)
    worlds: Annotated[int, Field(ge=1, le=MAX_WORLDS)] = 1
    image_size: Annotated[int, Field(ge=0, le=512)] = 0
    samples: Annotated[int, Field(ge=0)] = 0
    environments: bool = False
    about: str = ""
    ceiling: Annotated[float, Field(gt=0, le=1)] | None = None

    @field_validator("table")
    @classmethod
    def _beside(cls, table: Path, about: ValidationInfo) -> Path:
        return Path(about.context or "") / table

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def measured(self) -> int:
        """Number of classes over which accuracies are averaged."""
        return self.averaged

    @property
    def digest(self) -> str:
        """SHA-256 of all fields that the data depend on: not of where the file lies. Of a whole file, its own."""
        if EVERY in self.sizes:
            return self.sha256
        return digest_of(self.model_dump(mode="json", exclude={"table", "about", "ceiling"}))

    def in_world(self, world: int) -> Self:
        """Return a draw: the collection itself if it has only one."""
        if self.worlds == 1:
            return self
        if world >= self.worlds:
            raise ScenarioError(f"{self.name} has the draws 0 to {self.worlds - 1}, but no {world}")
        return self.model_copy(update={"name": f"{self.name}-w{world}", "seed": world, "worlds": 1})

    @property
    def spare_world(self) -> int:
        """The first draw: there are no others than the frozen ones."""
        return 0

    def encoded(self, part: str) -> tuple[Self, str]:
        """Return itself and the part; if each sample is encoded once, the whole file as the part `EVERY`."""
        if not self.samples:
            return self, part
        return self.model_copy(update={"name": self.sha256, "sizes": {EVERY: self.samples}}), EVERY

    @property
    def parts(self) -> Mapping[str, int]:
        """Number of samples of each part.

        `train` and `val` have no counterexample, `train/counter` and `val/counter` have them all, `train/all` and
        `val/all` all samples, `train/free` and `val/free` as many of every value in every class. `test` is cut into
        `test/agree`, `test/mislead`, and `test/other`, whose value goes with no class or whose class is not averaged.
        """
        return self.sizes

    @property
    def carriers(self) -> frozenset[Carrier]:
        """What its samples have."""
        return frozenset(self.shown)

    def channels_in(self, modality: Modality) -> tuple[str, ...]:
        """Return the shortcut, if samples have what the modality shows."""
        return (self.shortcut,) if self.carriers.issuperset(CARRIERS_OF[modality]) else ()

    def annotated_in(self, modality: Modality) -> tuple[str, ...]:
        """Return the shortcut: training may know it."""
        return self.channels_in(modality)

    def num_groups(self, channels: tuple[str, ...]) -> int:
        """Return the number of groups: whether the shortcut agrees or misleads, in each measured class."""
        del channels
        return 2 * self.measured

    def layout(self, modality: Modality) -> Layout:
        """Return which part answers which question: there are no twins."""
        del modality
        return Layout(GROUPED)

    def asked(self, modality: Modality) -> dict[str, int]:
        """Return the sizes of all parts of test."""
        del modality
        return {part: size for part, size in self.sizes.items() if part.startswith("test/") and size}

    @property
    def calibrated_on(self) -> str:
        """Name of the part on which the temperature is fitted: val without its correlation, or else all of val."""
        return "val/free" if "val/free" in self.sizes else "val/all"

    def val_counterexamples(self, m: int) -> int:
        """Return the number of counterexamples in val: a quarter of train's m, and at least 16 if m is positive."""
        return min(max(LEAST_IN_VAL, m // STEP), self.sizes["val/counter"]) if m else 0

    def pieces(self, split: str, counterexamples: int) -> tuple[tuple[str, range], ...]:
        """Return which samples make up train or val with so many counterexamples, or with `EVERYTHING`."""
        if counterexamples == EVERYTHING:
            return ((f"{split}/all", range(self.sizes[f"{split}/all"])),)
        m = counterexamples if split == "train" else self.val_counterexamples(counterexamples)
        wanted = ((split, range(self.sizes[split])), (f"{split}/counter", range(m)))
        return tuple((part, rows) for part, rows in wanted if rows)

    def biased_rows(self, split: str, counterexamples: int) -> slice:
        """Return the rows of train or val; of val, those that are no counterexamples."""
        without = split == "val" and counterexamples != EVERYTHING
        return slice(self.sizes["val"] if without else None)

    def flat(self, split: str) -> tuple[Self, str]:
        """Return the collection and its part without the correlation; raise `ScenarioError` if the file has none."""
        if f"{split}/free" in self.sizes:
            return self, f"{split}/free"
        raise ScenarioError(f"{self.name} has no {split} without its correlation: nobody drew it")

    def shrunk(self, counterexamples: int) -> Self:
        """Return the collection itself, with one rung."""
        return self.on_rung(counterexamples)

    def on_rung(self, counterexamples: int) -> Self:
        """Return the collection with one rung; raise `ScenarioError` for more counterexamples than there are."""
        have = self.sizes["train/counter"]
        if not 0 <= counterexamples <= have:
            raise ScenarioError(f"{self.name} has {have} counterexamples in train, not {counterexamples}")
        return self.model_copy(update={"rungs": (counterexamples,)})

    def facts(self) -> Facts:
        """Return sentences for the users of data."""
        biases = f"In train and val {self.shortcut} goes with the label, but in counterexamples with another."
        origin = " ".join(self.about.replace("\n- ", "\n").split()) or "Samples and their labels were given by a user."
        return Facts((self.shortcut,), biases, noise="", origin=origin, annotation=RULED)

    @property
    def licence(self) -> Licence | None:
        """That of the sources, if there is a file of credits beside the table."""
        file = self.table.with_name(CREDITS)
        return Licence(CREDIT, "", file) if file.is_file() else None

    def chosen_parts(self, splits: Group[str], twins: bool) -> tuple[str, ...]:
        """Return the parts of a data set with these of train, val and test."""
        del twins
        tested = self.asked(self.modality) if "test" in splits else ()
        return (*(split for split in splits if split != "test"), *tested)

    def about_parts(self, parts: Sequence[str]) -> str:
        """Return what parts of a data set are, Markdown."""
        said = {"test/agree": "goes with the label", "test/mislead": "goes with another label",
                "test/other": "goes with no label, or too few samples of the label are in test"}  # fmt: skip
        return "\n".join(f"- `{part}`: {self.shortcut} {said[part]}." for part in parts if part in said)


DESCRIPTION = Collection
