"""What samples show of class and channels in a modality, without rendering them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.scenario_tables import CARRIERS_OF
from spurgen.generators.layers import OPAQUE
from spurgen.generators.sampling import Drawn, magnitudes, mentioned
from spurgen.generators.streams import Int64
from spurgen.generators.world import needs_pictogram

UNSEEN = -1


@dataclass(frozen=True)
class Evidence:
    """Values that n samples show, int64 (n,) each, or `UNSEEN`.

    `core`: the class of the pictogram or noun, in [0, num_classes). `values`: per channel.
    """

    core: Int64
    values: dict[str, Int64]

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.core)

    def take(self, part: slice) -> Self:
        """Return the evidence of a slice of the samples."""
        values = {name: column[part] for name, column in self.values.items()}
        return type(self)(self.core[part], values)


def shows_core(scenario: Scenario, modality: Modality) -> bool:
    """Return whether a modality shows the pictogram or the noun at all."""
    shown = {"image": _draws_pictogram(scenario), "caption": scenario.core_carrier != "image"}
    return any(shown[carrier] for carrier in CARRIERS_OF[modality])


def evidence(made: Drawn, modality: Modality) -> Evidence:
    """Return what drawn samples show in a modality.

    A core cue that is not drawn shows nothing, nor does a value that its caption leaves out or whose magnitude is 0. A
    value that is drawn counts as shown, however faint.
    """
    world, factors, _ = made
    scenario = world.scenario
    shown = {"image": _pictogram_drawn(made), "caption": factors.visible & (scenario.core_carrier != "image")}
    carriers = CARRIERS_OF[modality]
    core_seen = np.any([shown[carrier] for carrier in carriers], axis=0)
    values = {}
    for name, channel in scenario.channels.items():
        seen = _seen(made, channel.kind, carriers & channel.carriers)
        values[name] = np.where(seen, factors.values[name], UNSEEN)
    return Evidence(np.where(core_seen, factors.core, UNSEEN), values)


def _pictogram_drawn(made: Drawn) -> NDArray[np.bool_]:
    return made.factors.visible & _draws_pictogram(made.world.scenario)


def _draws_pictogram(scenario: Scenario) -> bool:
    return scenario.core_carrier != "caption" and int(OPAQUE * scenario.core_contrast) > 0


def _seen(made: Drawn, kind: str, carriers: Collection[str]) -> NDArray[np.bool_]:
    """Return which samples show the value of a kind in one of the carriers, bool (n,)."""
    seen = np.zeros(len(made.factors.labels), bool)
    if "image" in carriers:
        in_image = magnitudes(made.world, kind, made.nuisance) > 0
        if needs_pictogram(made.world.kinds[kind]):
            in_image &= _pictogram_drawn(made)
        seen |= in_image
    if "caption" in carriers:
        seen |= mentioned(made.world, kind, made.nuisance)
    return seen
