from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from spurgen.baselines.training.encoders import Encoder
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.harness.own.encoding import Part, _fill
from spurgen.harness.running.encoder_sources import ENCODERS


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """Replace both encoders by means and lengths; count what they encode."""
    encoded = []

    def load():
        def encode(inputs):
            encoded.append(len(inputs))
            each = [np.mean(one) if isinstance(one, np.ndarray) else len(one) or np.nan for one in inputs]
            return np.array(each, np.float32)[:, None]

        return encode

    fake = Encoder("weights", 1, (), load)
    for half in ("image", "caption"):
        monkeypatch.setitem(ENCODERS, half, fake)
    monkeypatch.setenv("SPURGEN_CACHE", str(tmp_path / "cache"))
    return encoded


def test_texts_are_encoded_once(calls):
    part = Part(("a", "bcd"), None, "caption")
    assert part.features().tolist() == part.features().tolist() == [[1], [3]]
    assert calls == [2]
    assert Part(("a", "bcde"), None, "caption").features().tolist() == [[1], [4]]
    assert Part(("a", "bcd"), None, "caption", "bag-of-words").features().sum(axis=1).tolist() == [1, 1]


def test_images_are_encoded_again_when_a_file_changes(calls, tmp_path):
    part = Part(("0.png",), tmp_path, "image")
    for level in (10, 20):
        Image.new("RGB", (30, 20), (level, level, level)).save(tmp_path / "0.png")
        assert part.features().tolist() == [[level]]
    assert calls == [1, 1]


@pytest.mark.usefixtures("calls")
def test_features_that_are_not_finite_and_files_that_are_no_images_are_errors(tmp_path):
    with pytest.raises(SubmissionError, match="features of '' are not finite; leave the sample out"):
        Part(("a", ""), None, "caption").features()
    (tmp_path / "0.png").write_text("no image")
    with pytest.raises(SpurgenError, match="cannot read the image"):
        Part(("0.png",), tmp_path, "image").features()


@pytest.mark.usefixtures("calls")
def test_files_outside_the_folder_are_not_read(tmp_path):
    (tmp_path / "data").mkdir()
    Image.new("RGB", (30, 20)).save(tmp_path / "0.png")
    with pytest.raises(SpurgenError, match=r"\.\./0\.png leads out of .*data; name files below that folder"):
        Part(("../0.png",), tmp_path / "data", "image").features()


@pytest.mark.usefixtures("calls")
def test_a_full_cache_is_said_to_be_full_and_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("os.fsync", Mock(side_effect=OSError(28, "No space left on device")))
    message = (
        rf"cannot write {tmp_path}.*\.f32: No space left on device; free some space in {tmp_path}/cache, which can "
    )
    with pytest.raises(SpurgenError, match=f"{message}be removed, or name another folder by SPURGEN_CACHE"):
        list(map(_fill, [Part(("a", "bcd"), None, "caption")]))
