"""The complete, frozen description of a ladder: a world of things whose shortcuts mislead in few training samples."""

from collections.abc import Collection, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from spurgen.benchmark.contract import CARRIERS_OF, Carrier, Int64, Modality
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.world import (
    MAX_WORLDS,
    Description,
    Facts,
    Layout,
    Licence,
    Name,
    Probability,
    digest_of,
    noise_sentence,
)

Count = Annotated[int, Field(ge=1, le=1_000_000)]
CREDIT = "The pictures of things are from Noto Emoji, copyright Google Inc., under the Apache License, Version 2.0."
NEUTRAL = 2
"""Values of each shortcut that go with no class."""
PARTS = {
    "test/agree": "things that train and val do not show, with shortcuts that go with the class",
    "test/mislead": "the same things, with shortcuts that go with another class",
    "test/neutral": "the same things, with shortcuts that go with no class",
    "test/thing": "the first scenes of `test/agree` with a thing of another class",
    "test/free": "the first scenes of `test/agree` with shortcuts at random",
    "seen/agree": "things of train, with shortcuts that go with the class",
    "seen/mislead": "the same things, with shortcuts that go with another class",
    "seen/neutral": "the same things, with shortcuts that go with no class",
}
DIALS = {"shown", "bare", "variants", "proportions", "without", "drift", "veil"}
"""Fields that a digest leaves out where they have their defaults, as in ladders that were frozen without them."""
SHRUNK = {"train": 200, "val": 64, "test_per_class": 40}  # samples at most: baselines encode each
SHRUNK_RUNG = 50  # counterexamples at most
STATES = ("agree", "mislead", "neutral")
GROUPED = ("test/agree", "test/mislead")


class Ladder(Description):
    """A world in which every shortcut goes with the class, except in `m` counterexamples among the training samples.

    The classes are `categories`. A sample shows a thing of its category, and each of `shortcuts` shows one of
    `num_values` values: value k goes with class k, and the last two with none. A counterexample shows the values of one
    rival class in all shortcuts at once. `rungs` are the numbers of counterexamples m of its tasks. `things` says in
    thousandths which share of each category's things train and val may show; test shows the others. With probability
    `named` a caption names the thing. Shortcuts not in `moving` (default: all move) vary at random everywhere. Those in
    `hidden` have m counterexamples of their own, in which they alone mislead, unknown to training. With probability
    `label_noise` a train label is another class than the one shown.

    Further dials make a ladder as untidy as real data. `variants`: how many looks of each value of a shortcut train and
    val show, and how many others the rest of the parts show; with (1, 0) all show the same one. Of the samples of train
    and val that are no counterexamples, `bare` is the share that show no shortcut; in the others each shortcut shows
    with probability `shown`. What is not shown has a value that goes with no class. `proportions` are the relative
    sizes of the classes in train and val (default: equal). `without` names things that no sample shows. In images a
    thing's centre lies up to `drift` thousandths of the side from the middle, and the wall's colour covers the whole
    scene with opacity `veil`.

    `alignment_seed` decides which values go with which
    class and which things which split shows (default: `seed`). `ceiling`: the accuracy that the same learner reaches on
    as many samples without a correlation, of which the threshold of the counterexamples needed is a share.
    """

    KIND: ClassVar = "things"
    MARK: ClassVar = "categories"
    worlds: Annotated[int, Field(ge=1, le=MAX_WORLDS)] = 1
    categories: Annotated[tuple[Name, ...], Field(min_length=2, max_length=20)]
    shortcuts: Annotated[dict[Name, Literal["image", "caption", "both"]], Field(min_length=1, max_length=16)]
    moving: tuple[Name, ...] = ()
    hidden: tuple[Name, ...] = ()
    rungs: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] = (0, 8, 32, 128)
    image_size: Annotated[int, Field(ge=32, le=512)] = 224
    things: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = (600, 150)
    named: Probability = 1.0
    label_noise: Annotated[float, Field(ge=0, lt=1)] = 0.0
    shown: Probability = 1.0
    bare: Annotated[float, Field(ge=0, lt=1)] = 0.0
    variants: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=0)]] = (1, 0)
    proportions: tuple[Annotated[int, Field(ge=1, le=20)], ...] = ()
    without: tuple[str, ...] = ()
    drift: Annotated[int, Field(ge=0, le=250)] = 40
    veil: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    train: Count = 1200
    val: Count = 300
    calibration_per_class: Count = 40
    test_per_class: Count = 100
    seen_per_class: Count = 50
    twins_per_class: Count = 30
    ceiling: Annotated[float, Field(gt=0, le=1)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.categories)) < len(self.categories):
            raise ValueError(f"categories: each once, not {', '.join(self.categories)}")
        if list(self.rungs) != sorted(set(self.rungs)):
            raise ValueError(f"rungs: in ascending order and each once, not {list(self.rungs)}")
        if self.rungs[-1] > self.train // 2:
            raise ValueError(f"rungs: at most half of the {self.train} train samples, not {self.rungs[-1]}")
        least = min((m for m in self.rungs if m), default=len(self.categories))
        if least < len(self.categories):
            raise ValueError(f"rungs: {least} counterexamples leave one of {len(self.categories)} classes without any")
        if self.val_counterexamples(self.rungs[-1]) > self.val // 2:
            raise ValueError(f"val: {self.val} samples cannot hold {self.val_counterexamples(self.rungs[-1])} twice")
        if self.proportions and len(self.proportions) != len(self.categories):
            raise ValueError(
                f"proportions: one for each of {len(self.categories)} categories, not {len(self.proportions)}"
            )
        for split, size in (("train", self.train), ("val", self.val)):
            if self.proportions and size % sum(self.proportions):
                raise ValueError(f"{split}: a multiple of {sum(self.proportions)}, the sum of proportions, not {size}")
        unknown = set(self.moving) - set(self.shortcuts)
        if unknown:
            raise ValueError(f"moving: {', '.join(sorted(unknown))} is none of {', '.join(self.shortcuts)}")
        wrong = set(self.hidden) - set(self.active)
        if wrong:
            raise ValueError(f"hidden: {', '.join(sorted(wrong))} is no shortcut that moves")
        if set(self.hidden) == set(self.active):
            raise ValueError("hidden: leave a shortcut that training is told of")
        if sum(self.things) >= 1000:
            raise ValueError(
                "things: train and val leave none for test; their thousandths must add up to less than 1000"
            )
        if self.twins_per_class > self.test_per_class:
            raise ValueError(f"twins_per_class: at most the {self.test_per_class} of test, not {self.twins_per_class}")
        return self

    @property
    def licence(self) -> Licence:
        """That of the pictures of things."""
        text = files(f"{__package__.partition('.')[0]}.generators.things").joinpath("things.LICENSE.md")
        return Licence(CREDIT, "https://www.apache.org/licenses/LICENSE-2.0", Path(str(text)))

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.categories)

    @property
    def num_values(self) -> int:
        """Number of values of each shortcut; value k < `num_classes` goes with class k."""
        return self.num_classes + NEUTRAL

    @property
    def class_order(self) -> tuple[int, ...]:
        """Classes of consecutive samples of train and val, over and over; the last ones are one of each class."""
        sizes = self.proportions or (1,) * self.num_classes
        return tuple(k for least in range(max(sizes), 0, -1) for k, size in enumerate(sizes) if size >= least)

    @property
    def active(self) -> tuple[str, ...]:
        """Shortcuts that move, in the ladder's order."""
        return tuple(name for name in self.shortcuts if name in (self.moving or self.shortcuts))

    @property
    def carriers(self) -> frozenset[Carrier]:
        """What samples have: captions, and images if these show a shortcut; else things may lack a picture."""
        pictured = any(carrier != "caption" for carrier in self.shortcuts.values())
        return frozenset(CARRIERS_OF["multimodal" if pictured else "text"])

    def channels_in(self, modality: Modality) -> tuple[str, ...]:
        """Return the shortcuts that move and that a modality shows; one that is not hidden comes first."""
        shown = {*CARRIERS_OF[modality], "both"}
        return tuple(sorted((s for s in self.active if self.shortcuts[s] in shown), key=self.hidden.__contains__))

    def annotated_in(self, modality: Modality) -> tuple[str, ...]:
        """Return the shortcuts that training may know: all that are not hidden."""
        return tuple(name for name in self.channels_in(modality) if name not in self.hidden)

    def num_groups(self, channels: tuple[str, ...]) -> int:
        """Return the number of groups: whether shortcuts agree or mislead, in each class."""
        del channels  # they move together
        return 2 * self.num_classes

    def layout(self, modality: Modality) -> Layout:
        """Return which part answers which question."""
        agree, mislead = GROUPED
        averaged = {"accuracy_neutral": "test/neutral"} | {f"seen_{state}": f"seen/{state}" for state in STATES}
        switched = {name: f"test/{name}" for name in self.channels_in(modality)}
        return Layout(GROUPED, averaged, switched, mislead, "test/thing", agree, "test/free")

    def val_counterexamples(self, m: int) -> int:
        """Return the number of counterexamples in val: a quarter of train's m, and at least 16 if m is positive."""
        return max(16, m // 4) if m else 0

    @property
    def parts(self) -> dict[str, int]:
        """Number of samples of each part; `test/<shortcut>` holds a twin per value, value by value.

        `train/counter` and `val/counter` are the last samples of train and val, from the end, as counterexamples;
        `train/hidden` and `val/hidden` the first ones, as counterexamples of the hidden shortcuts; `train/free` is
        train with every shortcut drawn at random. `test` shows things that neither train nor val show, and `seen` those
        of train.
        """
        top, classes = self.rungs[-1], self.num_classes
        count, twins, seen = (
            classes * size for size in (self.test_per_class, self.twins_per_class, self.seen_per_class)
        )
        sizes = {"train": self.train, "train/counter": top, "train/free": self.train}
        sizes |= {"val": self.val, "val/counter": self.val_counterexamples(top)}
        if self.hidden:
            sizes |= {"train/hidden": top, "val/hidden": self.val_counterexamples(top)}
        sizes |= {"calibration": classes * self.calibration_per_class}
        sizes |= {"test/agree": count, "test/mislead": count, "test/neutral": count}
        sizes |= {"test/thing": twins, "test/free": twins}
        sizes |= {f"test/{name}": twins * self.num_values for name in self.active}
        sizes |= {"seen/agree": seen, "seen/mislead": seen, "seen/neutral": seen}
        return {part: size for part, size in sizes.items() if size}

    def pieces(self, split: str, counterexamples: int) -> tuple[tuple[str, range], ...]:
        """Return which samples of which parts make up train or val with so many counterexamples, in order.

        First come the counterexamples of hidden shortcuts, where there are any, last those of the others.
        """
        size, m = self.parts[split], counterexamples
        count = m if split == "train" else self.val_counterexamples(m)
        hidden = count if self.hidden else 0
        wanted = (
            (f"{split}/hidden", range(hidden)), (split, range(hidden, size - count)), (f"{split}/counter", range(count))
        )  # fmt: skip
        return tuple((part, indices) for part, indices in wanted if indices)

    def facts(self) -> Facts:
        """Return sentences for the users of data."""
        counts = "; ".join(f"{m} in train and {self.val_counterexamples(m)} in val" for m in self.rungs)
        them, alone, rest = "all of them", "", ""
        if self.bare or self.shown < 1:
            rest = (
                f" Of the samples that are no counterexamples {100 * self.bare:g}% show none of them, and in the "
                f"others each is shown with probability {self.shown:g}; what is not shown has a value of no class."
            )
        if self.proportions:
            rest += f" Classes are as frequent as {' : '.join(map(str, self.proportions))}."
        if self.hidden:
            them = ", ".join(name for name in self.active if name not in self.hidden)
            alone = f" As many others, of which training is not told, are counterexamples of {', '.join(self.hidden)}."
        return Facts(
            self.active,
            f"In train and val these shortcuts go with the label on purpose: {', '.join(self.active)}.{rest}",
            f"In counterexamples {them} go with one other class; each task has a number of them: {counts}.{alone}",
            "Test shows each scene with shortcuts that agree with the class, that mislead and that go with none, and "
            "things that train and val never show; the part `seen` has those of train.",
            noise_sentence(self.label_noise, "train"),
        )  # fmt: skip

    def chosen_parts(self, splits: Collection[str], twins: bool) -> tuple[str, ...]:
        """Return the parts of a data set; `test` stands for all parts with unseen and with seen things."""
        tested = [f"{split}/{state}" for split in ("test", "seen") for state in STATES]
        rest = [part for part in self.parts if part.startswith("test/") and part not in tested]
        return (*(s for s in splits if s != "test"), *tested * ("test" in splits), *rest * twins)

    def about_parts(self, parts: Sequence[str]) -> str:
        """Return what the parts are of a ladder with one rung, a line each."""
        (m,) = self.rungs
        counts = {"train": m, "val": self.val_counterexamples(m)}
        misled = {part: counts[part] for part in parts if counts.get(part)}
        last, alone = "samples are counterexamples, whose shortcuts go with another class", " and ".join(self.hidden)
        said = [f"`{part}`: the last {count:,} {last}" for part, count in misled.items()]
        said += [f"`{part}`: as many of the first, in which {alone} alone do so" for part in misled if alone]
        said += [f"`{part}`: {what}" for part, what in PARTS.items() if part in parts]
        own = [part for part in parts if part.startswith("test/") and part not in PARTS]
        said += [
            f"`{part}`: twins of the first samples of `test/agree` with each value of one shortcut" for part in own
        ]
        return "\n".join(f"- {sentence}." for sentence in said)

    def on_rung(self, counterexamples: int) -> Self:
        """Return a ladder whose only rung has so many counterexamples; raise `ScenarioError` if there can be none."""
        try:
            return self.model_validate(self.model_dump() | {"rungs": (counterexamples,)})
        except ValueError:
            most = self.train // 2
            raise ScenarioError(
                f"{self.name} cannot have {counterexamples} counterexamples; choose 0, or from {self.num_classes} to "
                f"{most}, as far as val's {self.val} samples hold a quarter of them twice"
            ) from None

    def shows_class(self, modality: Modality) -> bool:
        """Return whether every sample shows its thing; captions may leave it out."""
        return modality != "text" or self.named == 1

    def base_of(self, part: str) -> tuple[str, int]:
        """Return the part that shows the same scenes with shortcuts that agree, and how many a part shows."""
        split, _, state = part.partition("/")
        size = self.num_classes * self.twins_per_class if state in self.active else self.parts[part]
        return f"{split}/agree" if split in ("test", "seen") else part, size

    def biased_rows(self, split: str, counterexamples: int) -> slice:
        """Return the rows of train or val; of val, those that are no counterexamples."""
        count = self.val_counterexamples(counterexamples) if split == "val" else 0
        return slice(count if self.hidden else 0, self.parts[split] - count)

    def counterparts(self, split: str, counterexamples: int) -> tuple[str, Int64] | None:
        """Return the part of train's twins and its order; val has none."""
        if split != "train":
            return None
        size, m = self.train, counterexamples
        return "train/free", np.concatenate([np.arange(size - m), size - 1 - np.arange(m)])

    def flat(self, split: str) -> tuple[Self, str]:
        """Return the ladder itself, and its part with shortcuts at random."""
        return self, "train/free" if split == "train" else "calibration"

    def shrunk(self, counterexamples: int) -> Self:
        """Return a ladder with at most `SHRUNK` samples, and one rung of at most `SHRUNK_RUNG` counterexamples."""
        unit = sum(self.proportions) or 1
        sizes = {name: min(size // unit * unit, getattr(self, name)) for name, size in SHRUNK.items()}
        sizes["twins_per_class"] = min(self.twins_per_class, sizes["test_per_class"])
        m = min(counterexamples, SHRUNK_RUNG, sizes["train"] // 2)
        return self.model_validate(self.model_dump() | sizes | {"rungs": (m,)})

    @property
    def digest(self) -> str:
        """SHA-256 of all fields that the data depend on, independent of how the file is written."""
        unset = {name for name in DIALS if getattr(self, name) == type(self).model_fields[name].default}
        return digest_of(self.model_dump(mode="json", exclude={"ceiling"} | unset))  # ceilings are measured on the data


DESCRIPTION = Ladder
