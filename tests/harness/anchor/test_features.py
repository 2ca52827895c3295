import io

import numpy as np
import pytest
from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.anchor import cache, features
from spurgen.harness.anchor.cache import with_features
from spurgen.harness.anchor.features import encoder_of, image_features, read_image, sentence_features, word_features
from spurgen.harness.anchor.folders import read_folder

CONSOLE = Console(file=io.StringIO())


def test_images_are_encoded_by_the_imagenet_trunk(waterbirds):
    listing = read_folder(waterbirds, 100)
    known = image_features(listing.inputs[:3])
    assert known.shape == (3, 1280)
    assert np.isfinite(known).all()
    assert np.ptp(known, axis=0).max() > 0


def test_an_image_that_cannot_be_read_is_named(tmp_path, broken_png):
    with pytest.raises(SpurgenError, match=r"cannot read the image .*none.jpg: there is no such file; restore it"):
        read_image(str(tmp_path / "none.jpg"))
    (tmp_path / "text.jpg").write_text("no image")
    with pytest.raises(SpurgenError, match=r"cannot read the image .*text.jpg: .*identify"):
        read_image(str(tmp_path / "text.jpg"))
    (tmp_path / "broken.png").write_bytes(broken_png)
    with pytest.raises(SpurgenError, match=r"cannot read the image .*broken.png: .*broken PNG file"):
        read_image(str(tmp_path / "broken.png"))


def test_hashed_words_have_length_one_and_tell_words_apart():
    first, again, other, empty = word_features(["a good dog", "a good dog", "a bad dog", ""])
    assert np.linalg.norm(first) == pytest.approx(1)
    assert (first == again).all()
    assert 0.1 < first @ other < 0.9
    assert not empty.any()


def test_sentences_are_encoded_by_the_installed_model():
    known = sentence_features(["thanks a lot", "thank you very much", "the road is closed"])
    similarity = known @ known.T
    assert known.shape == (3, 384)
    assert similarity[0, 1] > similarity[0, 2]


def test_without_a_language_model_words_are_hashed(civilcomments, monkeypatch):
    listing = read_folder(civilcomments, 10)
    assert encoder_of(listing) == "all-MiniLM-L6-v2"
    monkeypatch.setattr(features, "find_spec", lambda _: None)
    assert encoder_of(listing) == "hashed words and pairs of words, 2048 bins"
    assert features.compute(listing).shape == (30, 2048)


def test_features_are_computed_once_for_the_same_inputs(civilcomments, tmp_path, monkeypatch):
    monkeypatch.setattr(features, "find_spec", lambda _: None)
    listing = read_folder(civilcomments, 10)
    first = with_features(listing, tmp_path, CONSOLE)
    calls = []
    monkeypatch.setattr(cache, "compute", lambda part: calls.append(part) or features.compute(part))
    again = with_features(listing, tmp_path, CONSOLE)
    assert not calls
    assert (first.features == again.features).all()
    assert first.splits is not None
    with_features(read_folder(civilcomments, 11), tmp_path, CONSOLE)
    assert len(calls) == 1
    (tmp_path / "civilcomments-features.npz").write_bytes(b"damaged")
    with_features(listing, tmp_path, CONSOLE)
    assert len(calls) == 2
