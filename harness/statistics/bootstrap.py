"""The random generators of bootstraps and simulations."""

import numpy as np

from spurgen.generators.streams import stream_key


def named_generator(*names: str | int) -> np.random.Generator:
    """Return a random generator whose stream depends only on the names.

    Draws are reproducible for a given version of NumPy; unlike the data they are not frozen.
    """
    return np.random.Generator(np.random.Philox(key=stream_key("bootstrap", *names)))
