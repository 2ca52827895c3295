import io

import numpy as np
from PIL import Image

from spurgen.generators import sample
from spurgen.harness.site.pictures import Pictures, scenes


def test_a_picture_is_the_generators_scene_and_equal_ones_are_one_file(tiny):
    pictures, task = Pictures(), tiny.suite.tasks["small-both"]
    first, again = scenes(pictures, task, [3])[0], scenes(pictures, task, [4, 3])[1]
    assert first is again
    assert len(pictures.files) == 2
    made = sample(task.scenario, "test", [3])
    shown = np.asarray(Image.open(io.BytesIO(pictures.files[first.picture])))
    assert np.abs(shown.astype(int) - made.images[0]).max() < 8  # five bits are kept
    assert first.caption == made.captions[0]


def test_a_modality_shows_its_half_alone(tiny):
    pictures = Pictures()
    image = scenes(pictures, tiny.suite.tasks["small-image"], [0])[0]
    text = scenes(pictures, tiny.suite.tasks["small-text"], [0])[0]
    assert (image.caption, text.picture) == (None, None)
    assert image.picture in pictures.files
    assert text.caption
