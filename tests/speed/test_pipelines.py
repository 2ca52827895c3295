"""Our loop, renderer and data sets against what one writes by hand, as ratios within one run, one thread each."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms.functional import pil_to_tensor

from spurgen.baselines import erm
from spurgen.baselines.training.data import Inputs
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark import Context
from spurgen.generators import class_names, sample
from spurgen.harness.running.data import labeled
from spurgen.harness.running.plan import plan_unfrozen
from spurgen.torch import SpurGenDataset, SpurGenStream

SAMPLES = 2000
HEART = [(64, 100), (28, 62), (26, 44), (40, 32), (56, 36), (64, 48), (72, 36), (88, 32), (102, 44), (100, 62)]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def task(pictograms):
    return pictograms()


class Folder(Dataset):
    """PNG files that are opened one by one, as the data sets of WILDS and SpuCo open theirs."""

    def __init__(self, folder, samples):
        self.labels = samples.labels.tolist()
        self.paths = [folder / f"{k}.png" for k in range(len(self.labels))]
        for path, pixels in zip(self.paths, samples.images, strict=True):
            Image.fromarray(pixels).save(path)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, k):
        with Image.open(self.paths[k]) as image:
            return pil_to_tensor(image.convert("RGB")), self.labels[k]


@pytest.mark.ratio
def test_an_epoch_is_faster_than_one_over_a_folder_of_images(task, compare, tmp_path):
    samples = sample(task.scenario, "train", range(SAMPLES), captions=False)
    data = labeled(plan_unfrozen(task, "spurgen.baselines.erm:submission", 0, "cpu", {}), "train", samples, "none")
    context = Context(class_names(task.scenario), "image", 64, "cpu", 0, Path())
    problem = Problem.of(data, data, context)
    hyper = replace(erm.submission.HYPERPARAMETERS, epochs=1)
    folder = Folder(tmp_path, samples)
    outcomes = []

    def pipeline():
        network = problem.network(hyper)
        optimizer = torch.optim.AdamW(network.parameters(), lr=hyper.lr, weight_decay=hyper.weight_decay)
        network.train()
        for images, labels in DataLoader(folder, batch_size=hyper.batch_size, shuffle=True, drop_last=True):
            optimizer.zero_grad()
            loss = F.cross_entropy(network(Inputs(images.permute(0, 2, 3, 1), None)), labels)
            loss.backward()
            optimizer.step()
        network.eval()
        right = 0
        with torch.no_grad():
            for images, labels in DataLoader(folder, batch_size=hyper.batch_size):
                right += (network(Inputs(images.permute(0, 2, 3, 1), None)).argmax(1) == labels).sum().item()
        outcomes.append(right / SAMPLES)

    compare(
        "an ERM epoch, against a DataLoader over PNG files", lambda: erm.fit(problem, hyper), pipeline, 3, more=True
    )
    assert min(outcomes) > 0.05


def drawn(label, color, stripes, place):
    """Draw a scene of the same content with Pillow, 2 x 2 subsamples per pixel: wall, plate, pictogram, light."""
    canvas = Image.new("RGB", (128, 128), (150, 140, 120))
    draw = ImageDraw.Draw(canvas)
    for at in range(-128, 256, 8 + 2 * stripes):
        draw.line([(at, 0), (at + 64, 128)], fill=(90, 90, 110), width=3)
    x, y = place
    draw.ellipse([x - 48, y - 48, x + 48, y + 48], fill=color)
    draw.polygon([(x + (px - 64) * 0.6, y + (py - 64) * 0.6) for px, py in HEART], fill=(20 * label, 30, 60))
    draw.rectangle([100, 4, 120, 12], fill=(240, 240, 240))
    light = Image.linear_gradient("L").resize((128, 128))
    shaded = Image.composite(canvas, canvas.point(lambda v: v * 3 // 4), light)
    return np.asarray(shaded.resize((64, 64), Image.Resampling.BOX))


@pytest.mark.ratio
def test_scenes_are_drawn_faster_than_with_pillow(task, compare):
    rng = np.random.default_rng(0)
    content = [
        (int(rng.integers(10)), tuple(rng.integers(0, 255, 3).tolist()), int(rng.integers(5)), rng.integers(40, 88, 2))
        for _ in range(500)
    ]
    images = []

    def by_hand():
        images[:] = [drawn(*scene) for scene in content]

    def ours():
        sample(task.scenario, "train", range(500), captions=False)

    compare("scenes, against scenes drawn with Pillow", ours, by_hand, 5, more=True, expected=11)
    assert np.stack(images).shape == (500, 64, 64, 3)


@pytest.mark.ratio
def test_items_one_by_one_take_little_longer_than_batches(task, compare):
    size = task.scenario.split_size("val")
    places = torch.randperm(size, generator=torch.Generator().manual_seed(0)).tolist()

    labels = {}

    def one_by_one():
        dataset = SpurGenDataset(task.scenario, "val", modality="image")
        labels["items"] = [dataset[place]["label"] for place in places]

    def batches():
        dataset = SpurGenDataset(task.scenario, "val", modality="image")
        made = (dataset.__getitems__(places[start : start + 64]) for start in range(0, size, 64))
        labels["batches"] = [item["label"] for batch in made for item in batch]

    compare("an epoch of single items, against batches of 64", one_by_one, batches, 3, expected=1.2)
    assert labels["items"] == labels["batches"]


def test_speed_of_streaming_into_a_loop(task, benchmark, measure):
    loader = DataLoader(SpurGenStream(task.scenario, batch_size=256, modality="image"), batch_size=None)
    batches = iter(loader)
    means = []

    def take():
        means.extend(batch["image"].float().mean().item() for batch in islice(batches, 8))

    benchmark.pedantic(take, rounds=1 if benchmark.disabled else 5, warmup_rounds=1)
    if benchmark.stats:
        measure("streaming into a loop", 8 * 256 / benchmark.stats["median"], 15_000, "images/s", more=True)
    assert len(set(means)) == len(means)
