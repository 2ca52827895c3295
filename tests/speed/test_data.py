"""Speed and memory of drawing samples, writing data sets and verifying splits; the targets are per core."""

import statistics
import subprocess
import sys
import time

import numpy as np
import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.benchmark.worlds.things import Ladder
from spurgen.generators import kernels, sample
from spurgen.generators.things.world import sample_part
from spurgen.generators.world import world_of
from spurgen.harness.exports.plan import Plan
from spurgen.harness.exports.writing import write_shard
from spurgen.harness.splits.frozen import check_samples, shard_bounds

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


WRITTEN = 2000
WRITE = """
import sys
from pathlib import Path
import mlcroissant  # which describes the set at the end: its modules are no samples
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.harness.exports.plan import Plan
from spurgen.harness.exports.writing import export
def peak():  # of this process alone: getrusage starts from the parent's peak
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
channels = dict.fromkeys(("background", "color", "shape"), {})
fields = {"suite": "speed", "name": "speed", "seed": 1, "image_size": 32, "channels": channels}
plan = Plan(make_scenario("speed", **fields, splits={"train": int(sys.argv[2])}), ("train",), sys.argv[1])
peaks = []
export(plan, Path(sys.argv[3]) / "set", lambda _: peaks.append(peak()), jobs=1)
print(peaks[0], peak())
"""


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("form", ["parquet", "webdataset"])
def test_speed_of_writing_a_data_set(benchmark, measure, tmp_path, form):
    """Drawing, captions, PNG and digests included; CPU time, since other work may share the core."""
    channels = {name: {} for name in ("background", "color", "shape")}
    fields = {"suite": "speed", "name": "speed", "seed": 1, "channels": channels, "splits": {"train": WRITTEN}}
    plan = Plan(make_scenario("speed", **fields), ("train",), form)
    (shard,) = plan.shards()
    benchmark.pedantic(write_shard, (plan, tmp_path, shard), rounds=5, warmup_rounds=1)
    if benchmark.stats:
        measure(f"{form} at 64 pixels", WRITTEN / benchmark.stats["median"], 4_000, "samples/s of CPU time", more=True)
    assert len([*tmp_path.rglob("train-00000*.*")]) == 1


@pytest.mark.parametrize("form", ["parquet", "webdataset"])
def test_a_million_samples_are_written_in_constant_memory(benchmark, measure, tmp_path, form):
    """Resident memory must stay under 1 GiB and must not grow after the first shard; takes 3 GB of disk."""
    total = 20_000 if benchmark.disabled else 1_000_000
    command = [sys.executable, "-c", WRITE, form, str(total), str(tmp_path)]
    run = benchmark.pedantic(subprocess.run, (command,), {"capture_output": True, "text": True}, rounds=1)
    assert run.returncode == 0, run.stderr
    first, last = (int(kib) / 1024 for kib in run.stdout.split())
    measure(f"resident memory after writing {total:,} samples, {form}", last, 1024, "MiB")
    assert last < 1024
    assert last < 1.1 * first


VERIFY = """
import sys
from dataclasses import replace
from spurgen.benchmark.suite import load_suite
from spurgen.harness.splits.frozen import verify
def peak():  # of this process alone: getrusage starts from the parent's peak
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
suite = load_suite("v4")
suite = replace(suite, tasks={sys.argv[1]: suite.tasks[sys.argv[1]]}, overall={})
peaks, made = [], []
def progress(count):
    made.append(count)
    if sum(made) >= 10_000:
        peaks.append(peak())
assert verify(suite, progress, jobs=1) is None
print(peaks[0], peak(), sum(made))
"""
WORLD = "things-w0"


def test_a_job_checks_its_own_world_fast(benchmark, measure):
    """All parts that a job draws, twins included; without the drawing, which the job does anyway."""
    suite = load_suite("v4")
    scenario, seconds = suite.scenario(WORLD), []

    def check():
        taken = 0.0
        for part in scenario.parts:
            for start, stop in shard_bounds(scenario, part)[: 1 if benchmark.disabled else None]:
                made = world_of(scenario).draw(part, range(start, stop), ("image",))
                begun = time.process_time()
                check_samples(suite, WORLD, part, start, made)
                taken += time.process_time() - begun
        seconds.append(taken)

    benchmark.pedantic(check, rounds=3)
    measure(f"checking all of {WORLD}, {sum(scenario.parts.values()):,} samples", statistics.median(seconds), 1, "s")


def test_verifying_takes_constant_memory(benchmark, measure):
    """Resident memory must not grow with the samples that were verified."""
    command = [sys.executable, "-c", VERIFY, "things-text-0" if benchmark.disabled else "things-image-0"]
    run = benchmark.pedantic(subprocess.run, (command,), {"capture_output": True, "text": True}, rounds=1)
    assert run.returncode == 0, run.stderr
    first, last, made = map(int, run.stdout.split())
    measure(f"resident memory after verifying {made:,} samples", last / 1024, 1024, "MiB")
    assert last < 1.1 * first
