"""The tricks that know how captions and images are drawn: what is left when words are masked and borders painted."""

import numpy as np
import pytest

from spurgen.baselines.training.encoders import ENCODERS
from spurgen.benchmark.contract import Batch, LabeledData
from spurgen.submissions.controls import border_painted, words_masked


@pytest.fixture
def seen(monkeypatch):
    """What ERM and the encoders are given, without either."""
    given = {"inputs": []}

    def load():
        return lambda inputs: given["inputs"].append(inputs) or np.zeros((len(inputs), 2), np.float32)

    monkeypatch.setattr(words_masked, "ENCODERS", {k: e._replace(load=load) for k, e in ENCODERS.items()})
    monkeypatch.setattr(border_painted, "ENCODERS", words_masked.ENCODERS)
    for module in (words_masked, border_painted):
        fit = lambda train, val, _: given.update(train=train, val=val)  # noqa: E731
        monkeypatch.setattr(module, "erm", type("Erm", (), {"fit": staticmethod(fit), "predict": staticmethod(id)}))
    return given


def data(**inputs):
    batch = Batch(inputs.get("images"), inputs.get("captions"))
    return LabeledData(batch=batch, labels=np.zeros(len(batch), np.int64), num_groups=2)


def test_words_in_more_than_four_percent_of_captions_are_left_out(seen):
    captions = [f"A thing{k}, before a {'red' if k < 5 else 'blue' if k < 9 else 'brick'} wall." for k in range(100)]
    train = data(captions=captions)  # red is in 5 %, blue in 4 %
    words_masked.fit(train, data(captions=["Red brick thing7!"]), None)
    assert seen["inputs"][0][0] == "thing0"
    assert seen["inputs"][0][6] == "thing6 blue"
    assert seen["inputs"][1] == ["thing7"]
    assert seen["train"].features.shape == (100, 2)
    assert seen["train"].captions is None
    words_masked.predict(Batch(None, ["a blue red wall"]))
    assert seen["inputs"][-1] == ["blue"]


@pytest.mark.parametrize("wall", [(200, 40, 40), (60, 100, 196), (128, 128, 128), (30, 30, 30)])
def test_what_has_the_hue_of_the_border_is_painted_over_in_any_brightness(wall, seen):
    image = np.full((40, 40, 3), wall, np.uint8)
    image[::2] = image[::2] // 2  # a texture in two tones
    image[10:30, 10:30] = (40, 180, 60)
    border_painted.fit(data(images=image[None]), data(images=image[None]), None)
    (painted,) = seen["inputs"][0]
    assert (painted[10:30, 10:30] == (40, 180, 60)).all()
    outside = np.ones((40, 40), bool)
    outside[10:30, 10:30] = False
    assert (painted[outside] == border_painted.PAINT).all()
