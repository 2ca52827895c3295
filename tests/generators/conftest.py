"""Functions that several test files use; they are fixtures, since tests cannot import one another."""

import numpy as np
import pytest

from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators.pictograms.sampling import draw_factors
from spurgen.generators.pictograms.state import state_of

CHANNELS = {"background": {}, "color": {}, "shape": {}}


@pytest.fixture(scope="session")
def world():
    """Return a function that makes a scenario of three channels, with the given fields changed."""

    def make(**fields):
        return make_scenario("test", **{"suite": "t", "name": "w", "seed": 3, "channels": CHANNELS, **fields})

    return make


@pytest.fixture(scope="session")
def drawn():
    """Return a function that draws the first rows of a split's factor table."""

    def draw(scenario, split="train", count=30_000):
        return draw_factors(state_of(scenario), split, np.arange(count))

    return draw
