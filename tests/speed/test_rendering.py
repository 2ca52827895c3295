"""Speed and memory of the generator; the targets are per core."""

import subprocess
import sys

import numpy as np
import pytest

import spurgen.generators.scene as scene_module
from spurgen.benchmark.scenario import make_scenario
from spurgen.generators import sample

IMAGE = ("background", "color", "shape", "lighting", "watermark")
STREAM = """
import resource, sys
from spurgen.benchmark import load_suite
from spurgen.generators import sample
scenario = load_suite("v1").scenario("signs")
sample(scenario, "train", range(1000))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for start in range(0, int(sys.argv[1]), 1000):
    sample(scenario, "train", range(start, start + 1000))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(before, after)
"""


def all_channels(image_size):
    channels = {name: {"carrier": "both" if name in IMAGE[:3] else "image"} for name in IMAGE}
    return make_scenario("speed", suite="speed", name="speed", seed=1, image_size=image_size, channels=channels)


@pytest.mark.parametrize(("image_size", "count", "target"), [(64, 2000, 25_000), (224, 300, 2_000)])
def test_rendering_scenes_with_every_image_channel(benchmark, monkeypatch, image_size, count, target):
    kept = []
    monkeypatch.setattr(scene_module, "render", lambda *arguments: kept.append(arguments))
    sample(all_channels(image_size), "train", range(count), captions=False)
    monkeypatch.undo()
    benchmark.extra_info["target_per_second"] = target
    benchmark.pedantic(scene_module.render, kept[0], rounds=15, warmup_rounds=1)
    if benchmark.stats:
        print(f"\n{image_size} px: {count / benchmark.stats['median']:,.0f} images/s, target {target:,}")
    assert np.ptp(kept[0][0]) > 100


def test_whole_samples_captions_included(benchmark):
    scenario = all_channels(64)
    made = benchmark.pedantic(sample, (scenario, "train", range(2000)), rounds=15, warmup_rounds=1)
    if benchmark.stats:
        print(f"\nsample(): {2000 / benchmark.stats['median']:,.0f} samples/s, target 15,000")
    assert len(made.captions) == len(made.images) == 2000


def test_a_million_samples_stream_in_constant_memory(benchmark):
    """Not timed against a target: resident memory must stay under 1 GiB and must not grow."""
    total = 20_000 if benchmark.disabled else 1_000_000  # make test streams fewer
    command = [sys.executable, "-c", STREAM, str(total)]
    run = benchmark.pedantic(subprocess.run, (command,), {"capture_output": True, "text": True}, rounds=1)
    before, after = (int(kib) / 1024 for kib in run.stdout.split())
    print(f"\nresident: {before:.0f} MiB after 1,000 samples, {after:.0f} MiB after {total:,}; target 1024")
    assert after < 1024
    assert after < 1.1 * before
