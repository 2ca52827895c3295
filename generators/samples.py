"""Samples, the generator's output, as columns of equal length."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.streams import Int64


@dataclass(frozen=True)
class Samples:
    """n samples: `images` uint8 (n, H, W, 3), `captions` n strings, the rest int64 (n,).

    `env_ids` is -1 on test and calibration. `group_ids` is `label * 2**C + pattern`, where bit k of the pattern is
    set if the scenario's channel k conflicts with the label.
    """

    images: NDArray[np.uint8]
    captions: list[str]
    labels: Int64
    channel_values: dict[str, Int64]
    env_ids: Int64
    group_ids: Int64

    def take(self, part: slice) -> Self:
        """Return the samples of a slice, as views; images or captions that were not made stay empty."""
        values = {name: column[part] for name, column in self.channel_values.items()}
        return type(self)(
            self.images[part], self.captions[part], self.labels[part], values, self.env_ids[part], self.group_ids[part]
        )

    def without_inputs(self) -> Self:
        """Return the factors only, without images and captions."""
        return replace(self, images=self.images[:0].copy(), captions=[])

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Concatenate one or more batches of samples of the same scenario, in order."""
        return cls(
            np.concatenate([part.images for part in parts]),
            [caption for part in parts for caption in part.captions],
            np.concatenate([part.labels for part in parts]),
            {name: np.concatenate([part.channel_values[name] for part in parts]) for name in parts[0].channel_values},
            np.concatenate([part.env_ids for part in parts]),
            np.concatenate([part.group_ids for part in parts]),
        )
