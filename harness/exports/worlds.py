"""Properties of a world that data sets need: a scenario, or a ladder with one rung, whose train has counterexamples."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import Scenario
from spurgen.generators import Samples, class_names, shown_classes
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.ladder.shortcuts import SHORTCUTS
from spurgen.generators.ladder.world import make_world
from spurgen.generators.streams import Int64
from spurgen.harness.results.answered import STATES
from spurgen.harness.splits.freeze import Description, make_part, part_sizes

NOISY = ("train", "val")  # the splits in which the class shown may be another than the label


def on_rung(ladder: Ladder, counterexamples: int) -> Ladder:
    """Return a ladder whose only rung has that many counterexamples; raise `ScenarioError` if it cannot have them."""
    try:
        return Ladder.model_validate(ladder.model_dump() | {"rungs": (counterexamples,)})
    except ValueError:
        most = ladder.train // 2
        raise ScenarioError(
            f"{ladder.name} cannot have {counterexamples} counterexamples; choose 0, or from {ladder.num_classes} to "
            f"{most}, as far as val's {ladder.val} samples hold a quarter of them twice"
        ) from None


def classes_of(world: Description) -> tuple[str, ...]:
    """Return the names of the classes."""
    return world.categories if isinstance(world, Ladder) else class_names(world)


def values_in(world: Description) -> dict[str, tuple[str, ...]]:
    """Return the names of each channel's values, by channel."""
    if isinstance(world, Ladder):
        looks = make_world(world).looks
        return {name: tuple(SHORTCUTS[name].values[k] for k in looks[name]) for name in world.shortcuts}
    kinds = discover(CHANNELS)
    return {
        name: tuple(map(str, kinds[channel.kind].VALUES[: channel.values])) for name, channel in world.channels.items()
    }


def meaning_of_groups(world: Description) -> str:
    """Say what the numbers of groups mean."""
    if isinstance(world, Ladder):
        return "label x 2, plus 1 where the shortcuts go with another class than the label"
    return "label x 2^channels + pattern, whose bit k is 1 where channel k conflicts"


def aligned(world: Description, samples: Samples) -> dict[str, NDArray[np.bool_]]:
    """Return for every channel whether its value goes with the label, bool (n,)."""
    if isinstance(world, Ladder):
        return {name: values == samples.labels for name, values in samples.channel_values.items()}
    pattern = samples.group_ids % world.num_patterns
    return {name: (pattern >> k) & 1 == 0 for k, name in enumerate(world.channels)}


def chosen_parts(world: Description, splits: Iterable[str], twins: bool) -> tuple[str, ...]:
    """Name the parts of a data set with these splits, and with all twins or without.

    Of a ladder, `test` stands for all parts with unseen and with seen things, and twins are those of `test/agree`.
    Raise `ScenarioError` for twins without the test samples that they belong to.
    """
    splits, every = tuple(splits), part_sizes(world)
    if twins and "test" not in splits:
        raise ScenarioError("--twins: they are twins of test samples; add test to --splits, or leave --twins out")
    if isinstance(world, Ladder):
        tested = [f"{split}/{state}" for split in ("test", "seen") for state in STATES]
        rest = [part for part in every if part.startswith("test/") and part not in tested]
        return (*(s for s in splits if s != "test"), *tested * ("test" in splits), *rest * twins)
    return (*splits, *(part for part in every if twins and part.startswith("twins/")))


def shows_images(world: Description) -> bool:
    """Return whether the world has images: a ladder whose shortcuts only captions show has none."""
    return not isinstance(world, Ladder) or make_world(world).pictured


def draw(
    world: Description, part: str, start: int, stop: int, *, images: bool = True, captions: bool = True
) -> Samples:
    """Make the samples [start, stop) of a part; a ladder's train and val consist of `Ladder.pieces`."""
    halves = {"images": images and shows_images(world), "captions": captions}
    if not isinstance(world, Ladder) or part not in NOISY:
        return make_part(world, part, start, stop, **halves)
    (m,) = world.rungs
    made, at = [], 0  # where the next piece begins
    for name, indices in world.pieces(part, m):
        chosen = indices[max(start - at, 0) : max(stop - at, 0)]
        at += len(indices)
        if chosen:
            made.append(make_part(world, name, chosen.start, chosen.stop, **halves))
    return Samples.join(made)


def counterexamples(ladder: Ladder, part: str) -> int:
    """Return how many of the last samples of a part are counterexamples, of a ladder with one rung."""
    (m,) = ladder.rungs
    return {"train": m, "val": ladder.val_counterexamples(m)}.get(part, 0)


def bases_of(world: Description, part: str, start: int, stop: int) -> Int64:
    """Return the indices in the split, int64 (n,): a twin has its base sample's index."""
    indices = np.arange(start, stop)
    if isinstance(world, Ladder):
        bases, is_twin = world.num_classes * world.twins_per_class, part.partition("/")[2] in world.active
    else:
        bases, is_twin = world.splits.twins, part.startswith("twins/")
    return indices % bases if is_twin else indices


def shown_in(world: Description, part: str, start: int, stop: int, samples: Samples) -> Int64:
    """Return the classes shown, int64 (n,), which label noise makes differ from the labels."""
    if part not in NOISY or not world.label_noise:
        return samples.labels
    if isinstance(world, Scenario):
        return shown_classes(world, part, np.arange(start, stop))
    clean = world.model_copy(update={"label_noise": 0.0})
    return draw(clean, part, start, stop, images=False, captions=False).labels
