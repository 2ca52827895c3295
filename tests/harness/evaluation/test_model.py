from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.harness.evaluation.model import answer, image_batches, text_batches
from spurgen.harness.evaluation.reading import read_samples
from spurgen.harness.evaluation.tables import Columns

BRIGHT = """
import numpy as np

def predict_proba(batch):
    assert batch.images.shape[1:] == (32, 32, 3) and batch.captions is None
    mean = batch.images.mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - mean, mean], axis=1)
"""
LONG = """
import numpy as np

def predict_proba(batch):
    long = np.array([len(caption) > 10 for caption in batch.captions])
    return np.stack([~long, long], axis=1) * 0.8 + 0.1
"""


@pytest.fixture
def pictures(birds, write, tmp_path):
    """Waterbirds whose pictures of water are bright; the path of the metadata."""
    for name, place in zip(birds.img_filename, birds.place, strict=True):
        Image.new("L", (40, 20), 220 if place else 30).save(tmp_path / name)
    return write(birds, "metadata.csv")


def submission(tmp_path: Path, code: str) -> str:
    path = tmp_path / "mine.py"
    path.write_text(code)
    return str(path)


def test_a_model_answers_the_images_of_a_split(pictures, tmp_path):
    samples, names = read_samples(pictures, Columns())
    done = []
    mine = submission(tmp_path, BRIGHT)
    model = answer(mine, samples, image_batches(tmp_path, names, 32), progress=done.append)
    assert (model.name, model.runs, sum(done)) == ("mine", ("1",), 200)
    np.testing.assert_array_equal(model.predicted[0], model.attributes[0].ids)  # it reads the place
    assert model.probs.shape == (1, 200, 2)
    assert model.keys == tuple(names)
    assert model.by_place  # landbird, waterbird: the summary prints the order


def test_a_model_answers_texts(birds, write, tmp_path):
    table = birds.assign(words=np.where(birds.y == 1, "a long description", "short"))
    samples, texts = read_samples(write(table, "metadata.csv"), Columns(), "words")
    model = answer(submission(tmp_path, LONG), samples, text_batches(texts), texts=True)
    assert (model.predicted == model.labels).all()
    assert model.probs[0, 0].tolist() == pytest.approx([0.9, 0.1])


def test_a_picture_that_is_missing_or_none_is_named(tmp_path, broken_png):
    for content, message in ((b"no picture", "it is none of the formats"), (broken_png, "broken PNG file")):
        (tmp_path / "3.jpg").write_bytes(content)
        with pytest.raises(SpurgenError, match=f"cannot read .*3.jpg: {message}"):
            list(image_batches(tmp_path, ["3.jpg"], 32))
    with pytest.raises(SpurgenError, match="leads out of"):
        list(image_batches(tmp_path / "images", ["../3.jpg"], 32))
    with pytest.raises(SpurgenError, match=r"cannot read .*4\.jpg: No such file"):
        list(image_batches(tmp_path, ["4.jpg"], 32))


def test_samples_need_names_that_occur_once(birds, write):
    path = write(pd.concat([birds, birds[-1:]]))
    with pytest.raises(SpurgenError, match=f"line {len(birds) + 2}, column img_filename: .* occurs more than once"):
        read_samples(path, Columns())
    table = birds.drop(columns="img_filename").rename(columns={"place": "light"})
    with pytest.raises(SpurgenError, match="has no column of file names; name it by --texts, or files by --key"):
        read_samples(write(table), Columns(attributes=("light",)))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def encode(b): ...", "it has neither predict nor predict_proba; add one"),
        ("def fit(train, val, context): ...\ndef predict(b): ...", "nothing is trained here; load its trained weights"),
        (
            "import numpy as np\ndef predict(b): return np.zeros((len(b), 3))",
            r"shape \(100, 3\) on your data, e",
        ),
        (
            BRIGHT.replace("predict_proba", "predict"),
            "predict returned probabilities, not logits; call it",
        ),
        (f"MODALITIES = {{'text'}}\n{LONG}", "it takes text, not image alone; see --texts"),
    ],
)
def test_a_model_that_cannot_answer_is_refused(pictures, tmp_path, code, message):
    samples, names = read_samples(pictures, Columns())
    with pytest.raises(SubmissionError, match=message):
        answer(submission(tmp_path, code), samples, image_batches(tmp_path, names, 32))


def test_images_of_16_bits_and_turned_ones_are_read_as_they_are_seen(tmp_path):
    Image.fromarray(np.full((40, 40), 200 * 257, np.uint16)).save(tmp_path / "deep.png")
    half = np.zeros((40, 40, 3), np.uint8)
    half[:20] = 255
    turned = Image.Exif()
    turned[0x0112] = 3  # upside down
    Image.fromarray(half).save(tmp_path / "turned.jpg", exif=turned, quality=100)
    (batch,) = image_batches(tmp_path, ["deep.png", "turned.jpg"], 32)
    assert (batch.images[0] == 200).all()
    assert batch.images[1, :12].max() < 9
    assert batch.images[1, 20:].min() > 246
    Image.fromarray(np.full((8, 8), 0.5, np.float32)).save(tmp_path / "real.tiff")
    with pytest.raises(SpurgenError, match=r"real\.tiff: its pixels are numbers of 32 bits \(mode F\)"):
        list(image_batches(tmp_path, ["real.tiff"], 32))
