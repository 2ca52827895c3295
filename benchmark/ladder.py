"""The complete, frozen description of a ladder: a world of things whose shortcuts mislead in few training samples."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.errors import ScenarioError, checked
from spurgen.benchmark.scenario import Scenario, make_scenario, read_description
from spurgen.benchmark.scenario_tables import CARRIERS_OF, MAX_WORLDS, Name, Probability, WorldFields, digest_of

Count = Annotated[int, Field(ge=1, le=1_000_000)]
NEUTRAL = 2
"""Values of each shortcut that go with no class."""


class Ladder(WorldFields):
    """A world in which every shortcut goes with the class, except in `m` counterexamples among the training samples.

    The classes are `categories`. A sample shows a thing of its category, and each of `shortcuts` shows one of
    `num_values` values: value k goes with class k, and the last two with none. A counterexample shows the values of one
    rival class in all shortcuts at once. `rungs` are the numbers of counterexamples m of its tasks. `things` says in
    thousandths which share of each category's things train and val may show; test shows the others. With probability
    `named` a caption names the thing. Shortcuts not in `moving` (default: all move) vary at random everywhere. Those in
    `hidden` have m counterexamples of their own, in which they alone mislead, unknown to training. With probability
    `label_noise` a train label is another class than the one shown. `alignment_seed` decides which values go with which
    class and which things which split shows (default: `seed`). `ceiling`: the accuracy that the same learner reaches on
    as many samples without a correlation, of which the threshold of the counterexamples needed is a share.
    """

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
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.categories)

    @property
    def num_values(self) -> int:
        """Number of values of each shortcut; value k < `num_classes` goes with class k."""
        return self.num_classes + NEUTRAL

    @property
    def active(self) -> tuple[str, ...]:
        """Shortcuts that move, in the ladder's order."""
        return tuple(name for name in self.shortcuts if name in (self.moving or self.shortcuts))

    def shortcuts_in(self, modality: Modality) -> tuple[str, ...]:
        """Return the shortcuts that move and that a modality shows; one that is not hidden comes first."""
        shown = CARRIERS_OF[modality] | {"both"}
        return tuple(sorted((s for s in self.active if self.shortcuts[s] in shown), key=self.hidden.__contains__))

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

    def pieces(self, split: str, m: int) -> tuple[tuple[str, range], ...]:
        """Return which samples of which parts make up train or val with m counterexamples, in order.

        First come the counterexamples of hidden shortcuts, where there are any, last those of the others.
        """
        size, count = self.parts[split], m if split == "train" else self.val_counterexamples(m)
        hidden = count if self.hidden else 0
        wanted = (
            (f"{split}/hidden", range(hidden)), (split, range(hidden, size - count)), (f"{split}/counter", range(count))
        )  # fmt: skip
        return tuple((part, indices) for part, indices in wanted if indices)

    @property
    def digest(self) -> str:
        """SHA-256 of all fields that the data depend on, independent of how the file is written."""
        return digest_of(self.model_dump(mode="json", exclude={"ceiling"}))  # it is measured on the frozen data


def load_world(path: str | Path) -> Scenario | Ladder:
    """Read a scenario file: of a ladder if it names categories, else of pictograms. Raises as `load_scenario` does."""
    fields = read_description(path)
    if "categories" not in fields:
        return make_scenario(str(path), **fields)
    return checked(Ladder.model_validate, fields, lambda why: ScenarioError(f"{path} is not a possible ladder: {why}"))
