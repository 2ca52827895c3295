"""Speed and memory of writing data sets; the targets are per core."""

import subprocess
import sys
import time

import pytest

from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.harness.exports.plan import Plan
from spurgen.harness.exports.writing import write_shard

SAMPLES = 2000
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
    fields = {"suite": "speed", "name": "speed", "seed": 1, "channels": channels, "splits": {"train": SAMPLES}}
    plan = Plan(make_scenario("speed", **fields), ("train",), form)
    (shard,) = plan.shards()
    benchmark.pedantic(write_shard, (plan, tmp_path, shard), rounds=5, warmup_rounds=1)
    if benchmark.stats:
        measure(f"{form} at 64 pixels", SAMPLES / benchmark.stats["median"], 4_000, "samples/s of CPU time", more=True)
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
