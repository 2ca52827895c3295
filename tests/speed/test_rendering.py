"""Speed and memory of the generator; the targets are per core."""

import subprocess
import sys

import numpy as np
import pytest

from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.benchmark.worlds.things import Ladder
from spurgen.generators import kernels, sample
from spurgen.generators.things.world import sample_part

IMAGE = ("background", "color", "shape", "lighting", "watermark")
STREAM = """
import sys
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import sample
def peak():  # of this process alone: getrusage starts from the parent's peak
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
channels = {"background": {}, "color": {}, "shape": {}}
splits = {"train": 1_000_000}
scenario = make_scenario("speed", suite="speed", name="speed", seed=4, channels=channels, splits=splits)
sample(scenario, "train", range(1000))
before = peak()
for start in range(0, int(sys.argv[1]), 1000):
    sample(scenario, "train", range(start, start + 1000))
print(before, peak())
"""


def all_channels(image_size):
    channels = {name: {"carrier": "both" if name in IMAGE[:3] else "image"} for name in IMAGE}
    return make_scenario("speed", suite="speed", name="speed", seed=1, image_size=image_size, channels=channels)


@pytest.mark.parametrize(("image_size", "count", "target"), [(64, 2000, 25_000), (224, 300, 2_000)])
def test_speed_of_rendering_every_image_channel(benchmark, measure, monkeypatch, image_size, count, target):
    calls = []
    monkeypatch.setattr(kernels, "render", lambda *arguments: calls.append(arguments))
    sample(all_channels(image_size), "train", range(count), captions=False)
    monkeypatch.undo()
    benchmark.extra_info["target_per_second"] = target
    benchmark.pedantic(kernels.render, calls[0], rounds=15, warmup_rounds=1)
    if benchmark.stats:
        measure(f"scenes at {image_size} pixels", count / benchmark.stats["median"], target, "images/s", more=True)
    assert np.ptp(calls[0][0]) > 100


def things(image_size):
    shortcuts = {"hue": "both", "wall": "both", "light": "image", "mark": "image", "place": "caption"}
    fields = {"categories": ("animal", "vehicle", "food"), "shortcuts": shortcuts, "image_size": image_size}
    return Ladder(suite="speed", name="speed", seed=1, **fields)


@pytest.mark.parametrize(("image_size", "count", "target"), [(128, 1000, 6_000), (224, 300, 2_000)])
def test_speed_of_scenes_and_captions_of_things(benchmark, measure, image_size, count, target):
    made = benchmark.pedantic(sample_part, (things(image_size), "train", range(count)), rounds=15, warmup_rounds=1)
    if benchmark.stats:
        name = f"scenes of things at {image_size} pixels, with captions"
        measure(name, count / benchmark.stats["median"], target, "samples/s", more=True)
    assert len(made.captions) == len(made.images) == count


def test_speed_of_captions_of_things(benchmark, measure):
    arguments = (things(128), "train", range(1200))
    made = benchmark.pedantic(sample_part, arguments, {"carriers": ("caption",)}, rounds=15, warmup_rounds=1)
    if benchmark.stats:
        measure("captions of things", 1200 / benchmark.stats["median"], 100_000, "captions/s", more=True)
    assert len(set(made.captions)) > 500


def test_speed_of_sampling_images_and_captions(benchmark, measure):
    scenario = all_channels(64)
    made = benchmark.pedantic(sample, (scenario, "train", range(2000)), rounds=15, warmup_rounds=1)
    if benchmark.stats:
        measure("whole samples at 64 pixels", 2000 / benchmark.stats["median"], 15_000, "samples/s", more=True)
    assert len(made.captions) == len(made.images) == 2000


def test_a_million_samples_stream_in_constant_memory(benchmark, measure):
    """Resident memory must stay under 1 GiB and must not grow; the time has no target."""
    total = 20_000 if benchmark.disabled else 1_000_000  # `make ratios` streams fewer
    command = [sys.executable, "-c", STREAM, str(total)]
    run = benchmark.pedantic(subprocess.run, (command,), {"capture_output": True, "text": True}, rounds=1)
    before, after = (int(kib) / 1024 for kib in run.stdout.split())
    measure(f"resident memory after {total:,} samples", after, 1024, "MiB")
    assert after < 1024
    assert after < 1.1 * before
