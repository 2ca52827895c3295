import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spurgen.harness.exports.png import encode


@given(
    seed=st.integers(0, 2**32 - 1), count=st.integers(1, 3), height=st.integers(1, 40), width=st.integers(1, 40),
    most=st.sampled_from([1, 2, 256]),
)  # fmt: skip
def test_pillow_decodes_the_same_pixels(seed, count, height, width, most):
    images = np.random.default_rng(seed).integers(0, most, (count, height, width, 3), dtype=np.uint8)
    for image, file in zip(images, encode(images), strict=True):
        with Image.open(io.BytesIO(file)) as decoded:
            assert decoded.mode == "RGB"
            assert (np.asarray(decoded) == image).all()
