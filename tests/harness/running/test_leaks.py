"""Scoring many submissions, good and bad, leaves nothing behind in the scorer.

Memory that C libraries allocate by themselves is not counted; what the process holds depends on the tests before.
"""

import gc
import os
import tempfile
import tracemalloc
from pathlib import Path

import pytest

from spurgen.harness.running.plan import plan
from spurgen.harness.running.run import run
from spurgen.harness.sandbox.limits import Limits

pytestmark = pytest.mark.needs("bubblewrap")
LEAK = 200_000  # bytes: 33,000 were seen; one batch of images that is kept has millions
GOOD = "import numpy as np\ndef predict(batch): return batch.images.mean((1, 2))"
BAD = (
    "def predict(batch): return 1 / 0",
    "def predict(batch): return [[float('nan')] * 3] * len(batch)",
    "import os\ndef predict(batch): os._exit(3)",
    "raise SystemExit",
    "import threading\nthreading.Thread(target=threading.Event().wait).start()\ndef predict(batch): return 'x'",
    "open('/tmp/left', 'w').write('x' * 100_000)\ndef predict(batch): print('x' * 100_000); return None",
)


def test_many_submissions_leave_nothing_behind(request, write_submission, monkeypatch, tmp_path, suite_file):
    (tmp_path / "home").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "home"))
    specs = [write_submission(code, f"model{k}") for k, code in enumerate((GOOD, *BAD))]

    def score(spec):
        """Return whether a job succeeds."""
        job = plan(suite_file, ["small-image"], [spec], [0], limits=Limits(isolation="bubblewrap"))[0]
        return run(job).result.error is None

    def state():
        status = Path("/proc/self/status").read_text()
        threads = int(next(line for line in status.splitlines() if line.startswith("Threads")).split()[1])
        own = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
        return len(os.listdir("/proc/self/fd")), threads, sorted(Path(own).read_text().split())

    def allocated():
        """Return the bytes that Python's and NumPy's objects made since `tracemalloc.start` hold."""
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    request.addfinalizer(tracemalloc.stop)
    tracemalloc.start()
    outcomes = [True, *[False] * len(BAD)]
    assert [score(spec) for spec in specs] == outcomes  # the first round also imports and fills caches
    before, memory = state(), allocated()
    assert [score(spec) for spec in specs] == outcomes
    assert state() == before
    grown = allocated() - memory
    assert grown < LEAK, grown
    assert not list((tmp_path / "home").iterdir())
