"""A planted data set whose attribute is easier to see than its class, and made-up results of a study."""

import numpy as np
import pytest
from PIL import Image

from spurgen.benchmark.result import Environment
from spurgen.harness.anchor.dataset import Attributed
from spurgen.harness.anchor.record import AnchorData, AnchorFile, AnchorResult
from spurgen.harness.anchor.worlds import Design

ENVIRONMENT = Environment(python="3.11", machine="a machine", packages={"numpy": "2.0"}, spurgen="0.1")
SMALL = Design(train=((60, 4), (60, 12)), val=20, test=50)


@pytest.fixture(autouse=True)
def _one_thread(one_thread):
    """Compute with one thread in all of these tests."""


@pytest.fixture(scope="session")
def small():
    """A design of worlds that train in a moment."""
    return SMALL


@pytest.fixture(scope="session")
def planted():
    """Return a function that makes a data set of two noisy classes and an attribute that is easier to see.

    `splits`: give it splits of its own, with the correlation in train.
    """

    def make(count=1200, splits=None):
        rng = np.random.default_rng(0)
        labels = rng.integers(0, 2, count)
        attributes = rng.integers(0, 2, count)
        if splits is not None:
            attributes = np.where(rng.random(count) < 0.9, labels, 1 - labels)
        signs = 2.0 * np.stack([labels, attributes, attributes], axis=1) - 1
        features = (signs * [1.0, 2.0, 2.0] + [0.9, 0.7, 0.7] * rng.normal(size=(count, 3))).astype(np.float32)
        names = ("planted", ("no", "yes"), "tone", ("dark", "light"), "none")
        return Attributed(*names, features, labels, attributes, splits)

    return make


@pytest.fixture(scope="session")
def made_up():
    """Return a function that makes results from worst-group accuracies: method -> (access, a value per world)."""

    def result(method, access, world, worst, **more):
        identity = f"{method}/{world}/{more.get('correlated', True)}"
        correct = None if world == "tuning" else (90, round(100 * worst), 80, 70)
        fields = {"options": {}, "seconds": 1.0, "correct": correct, "score": (0.5, 0.5)} | more
        return AnchorResult(method=method, access=access, world=str(world), identity=identity, **fields)

    def make(methods, reference=(), left_out=()):
        data = AnchorData(
            name="planted", class_names=("no", "yes"), attribute="tone", values=("dark", "light"), encoder="none",
            sha256="0", sampled=True, train=(95, 5, 95, 5), val=(20,) * 4, test=(100,) * 4,
        )  # fmt: skip
        results = [
            result(name, access, k, worst) for name, (access, row) in methods.items() for k, worst in enumerate(row)
        ]
        results += [result("erm", "none", k, worst, correlated=False) for k, worst in enumerate(reference)]
        results += [result("erm", "none", "tuning", 0.0)]
        return AnchorFile(
            data=data, environment=ENVIRONMENT, trials=8, stretch=2, left_out=dict(left_out), results=tuple(results)
        )

    return make


@pytest.fixture
def waterbirds(tmp_path):
    """A folder with twelve images and their table, as WILDS has them."""
    folder = tmp_path / "waterbirds_v1.0"
    rng, lines = np.random.default_rng(0), ["img_id,img_filename,y,split,place,place_filename"]
    for k in range(12):
        name = f"{k % 2:03}.Bird/Bird_{k:04}.jpg"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(path)
        lines.append(f"{k},{name},{k % 2},{k // 4},{k % 4 // 2 if k > 5 else k % 2},/f/forest/{k}.jpg")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def celeba(tmp_path):
    """A folder with CelebA's two tables and its folder of images."""
    folder = tmp_path / "celeba"
    images = folder / "img_align_celeba"
    images.mkdir(parents=True)
    attributes, partition = ["image_id,5_o_Clock_Shadow,Blond_Hair,Male"], ["image_id,partition"]
    for k in range(12):
        name = f"{k + 1:06}.jpg"
        Image.new("RGB", (20, 30), (20 * k, 0, 0)).save(images / name)
        attributes.append(f"{name},-1,{1 if k % 2 else -1},{1 if k % 4 > 1 else -1}")
        partition.append(f"{name},{k // 4}")
    (folder / "list_attr_celeba.csv").write_text("\n".join(attributes) + "\n")
    (folder / "list_eval_partition.csv").write_text("\n".join(partition) + "\n")
    return folder
