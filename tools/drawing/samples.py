"""Choice of the samples that the sheets show: measured to be clear, and to show what the sheet is about."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import Scenario, make_scenario
from spurgen.benchmark.scenario_tables import Channel
from spurgen.generators import TwinKind, sample, twins
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.nouns import NOUNS
from spurgen.generators.world import needs_pictogram

Floats = NDArray[np.float64]

PLAIN = ("background", "color", "shape")  # the channels that every scene has
SEARCHED = 60  # test samples of each class among which one is chosen
COMPARED = 200  # test samples among which the one is chosen that shows a channel best
CLEAR = 100.0  # levels of luminance between a pictogram and what is behind it
VISIBLE = 60.0  # levels by which a pixel must change to belong to the pictogram or its outline
ROUNDS = 3  # in which each scene is chosen again, given all others
MEASURED_AT = 64  # pixels; a scene is the same at every size
LUMINANCE = np.array((0.299, 0.587, 0.114))  # ITU-R BT.601


def channels_in(carrier: str) -> dict[str, tuple[str, ...]]:
    """Map every channel that `image` or `caption` carries to the names of its values."""
    return {name: tuple(kind.VALUES) for name, kind in discover(CHANNELS).items() if carrier in kind.CARRIERS}


def world_scenario(image_size: int, *, channels: Iterable[str] = PLAIN) -> Scenario:
    """Return a world of all classes and all values of the channels, drawn without correlation."""
    kinds = discover(CHANNELS)
    specs = {
        name: Channel(
            values=len(kinds[name].VALUES),
            strength=1 / len(kinds[name].VALUES),
            carrier="both" if len(kinds[name].CARRIERS) == 2 else next(iter(kinds[name].CARRIERS)),
        ).model_dump(exclude={"kind"})
        for name in channels
    }
    fields = {"num_classes": len(NOUNS), "image_size": image_size, "channels": specs}
    return make_scenario("sheet", suite="sheets", name="world", seed=7, **fields)


def without_pictogram(scenario: Scenario) -> Scenario:
    """Return the same world with the pictogram left out of every scene."""
    return scenario.model_copy(update={"core_visibility": 0.0})


def staged(channel: str, image_size: int) -> Scenario:
    """Return the world in which a channel is shown: without a pictogram, unless the channel needs one."""
    scenario = world_scenario(image_size, channels=dict.fromkeys((*PLAIN, channel)))
    needed = needs_pictogram(discover(CHANNELS)[channel])
    return scenario if needed else without_pictogram(scenario)


def untinted(scenario: Scenario) -> Scenario:
    """Return the same world with the pictogram's ink near-black or near-white."""
    faint = {name: c.model_copy(update={"magnitude": 0.0}) for name, c in scenario.channels.items() if c.kind == "tint"}
    return scenario.model_copy(update={"channels": scenario.channels | faint})


def _lights(
    scenario: Scenario, indices: Sequence[int], kind: TwinKind | None = None, color: str = ""
) -> tuple[Floats, Floats]:
    """Return the luminance of test samples, or of twins, with and without pictogram: float64 (n, S, S) each."""
    small, where = scenario.model_copy(update={"image_size": MEASURED_AT}), list(indices)
    value = channels_in("image")["color"].index(color) if color else None
    whole, bare = (
        twins(world, "test", where, kind, "color", value, captions=False).images @ LUMINANCE
        if kind
        else sample(world, "test", where, captions=False).images @ LUMINANCE
        for world in (small, without_pictogram(small))
    )
    return whole, bare


def _reach(masks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the number of rows and columns that each mask touches: int64 (n,)."""
    touched: NDArray[np.int64] = masks.any(axis=1).sum(axis=1) + masks.any(axis=2).sum(axis=1)
    return touched


def _inked(scenario: Scenario, indices: Sequence[int]) -> NDArray[np.bool_]:
    """Return the pictogram's own pixels, without its outline: bool (n, S, S).

    A white plate shows the dark one of pictogram and outline, a black plate the light one; of the two, the
    outline reaches further.
    """
    plain = scenario.model_copy(update={"channels": world_scenario(MEASURED_AT).channels})
    (on_white, white), (on_black, black) = (_lights(plain, indices, "channel", color) for color in ("white", "black"))
    dark, light = white - on_white > VISIBLE, on_black - black > VISIBLE
    return np.where((_reach(dark) < _reach(light))[:, None, None], dark, light)


def contrasts(scenario: Scenario, indices: Sequence[int], kind: TwinKind | None = None) -> Floats:
    """Measure the contrast between pictograms and what is behind them: float64 (n,), mean levels of luminance.

    A tint of the pictogram is left out: it changes luminance, and the outline sets it off.
    `kind`: None for test samples, or a kind of twins that keeps the pictogram and its place.
    """
    plain = untinted(scenario)
    whole, bare = _lights(plain, indices, kind)
    inked = _inked(plain, indices)
    levels: Floats = (np.abs(whole - bare) * inked).sum(axis=(1, 2)) / inked.sum(axis=(1, 2))
    return levels


def conflicting_sample(scenario: Scenario) -> int:
    """Return the index of a clear test sample with clear twins whose channels all conflict with its class.

    All channels of its `unc` twin conflict too, so that it differs from `ctrl`. Among such samples of the
    first `COMPARED` times 2**C, the one whose wall shows best.
    """
    every = range(COMPARED * scenario.num_patterns)
    base = sample(scenario, "test", every, images=False, captions=False)
    unc = twins(scenario, "test", every, "unc", images=False, captions=False)
    patterns = np.stack([base.group_ids, unc.group_ids]) % scenario.num_patterns
    conflicting = np.flatnonzero((patterns == scenario.num_patterns - 1).all(axis=0))
    kinds: tuple[TwinKind | None, ...] = (None, "ctrl", "unc")
    least = np.min([contrasts(scenario, conflicting.tolist(), kind) for kind in kinds], axis=0)
    return most_varying_sample(scenario, "background", conflicting[least >= CLEAR].tolist())


def varied_samples(scenario: Scenario) -> list[int]:
    """Return a clear test sample of every class, chosen so that together they show as many values as possible."""
    every = range(SEARCHED * scenario.num_classes)
    values = sample(scenario, "test", every, images=False, captions=False).channel_values
    clear = np.flatnonzero(contrasts(scenario, every) >= CLEAR).tolist()
    shown = {i: {(name, int(column[i])) for name, column in values.items()} for i in clear}
    chosen: dict[int, int] = {}
    for label in [*range(scenario.num_classes)] * ROUNDS:
        seen = set[tuple[str, int]]().union(*(shown[i] for other, i in chosen.items() if other != label))
        chosen[label] = max((i for i in clear if i % scenario.num_classes == label), key=lambda i: len(shown[i] - seen))
    return list(chosen.values())


def most_varying_sample(scenario: Scenario, channel: str, indices: Sequence[int] = range(COMPARED)) -> int:
    """Return, of the test samples at `indices`, the one whose images differ most over a channel's values.

    For the wall this is one with a small plate and a strong texture, for the colour one with a large plate.
    """
    small = scenario.model_copy(update={"image_size": MEASURED_AT})
    luminance = [
        twins(small, "test", list(indices), "channel", channel, value, captions=False).images @ LUMINANCE
        for value in range(scenario.channels[channel].values)
    ]
    return indices[int(np.std(luminance, axis=0).mean(axis=(1, 2)).argmax())]
