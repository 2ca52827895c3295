from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from spurgen.baselines.training.encoders import Encoder
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.harness.own.encoding import Part, _fill, given_features
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
    assert Part(("ab", "cd"), None, "caption").features().tolist() == [[2], [2]]  # the same letters
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


@pytest.mark.parametrize(
    ("array", "wrong"),
    [
        (np.ones((319, 4)), "has features of 319 samples, but .*metadata.csv has 320 lines; each needs its row"),
        (np.full((320, 4), 1e300), "features of 320 samples are not finite in float32, first those of row 0"),
        (np.where(np.arange(320)[:, None] == 7, np.nan, np.ones(4)), "of 1 samples are not finite .* of row 7"),
        (np.ones(320), r"has float64 \(320,\), not a row of numbers for each sample; write these by numpy.save"),
        (np.full((320, 2), "a"), r"has <U1 \(320, 2\), not a row of numbers"),
        (np.array([[object()]]), "is no file of features: Object arrays cannot be loaded .*; write it by numpy.save"),
    ],
)  # fmt: skip
def test_features_that_do_not_fit_are_refused(scenes, read, tmp_path, array, wrong):
    data, file = read(scenes), tmp_path / "f.npy"
    np.save(file, array, allow_pickle=True)
    with pytest.raises(SpurgenError, match=wrong):
        given_features(file, tmp_path / "metadata.csv", data)


def test_features_are_those_of_the_lines_that_are_kept(scenes, read, tmp_path):
    np.save(tmp_path / "f.npy", np.arange(640).reshape(320, 2))
    data = read(scenes, most=50)
    found = given_features(tmp_path / "f.npy", tmp_path / "metadata.csv", data)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:, 0], 2 * data.kept)
