"""What a submission may use, however it is shut in."""

import json
import os
import subprocess
import sys

import pytest

from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.worker.limits import Limits


@pytest.mark.parametrize("isolation", ["bubblewrap", "process"])
@pytest.mark.parametrize(
    ("body", "limits", "told"),
    [
        ("while True: pass", {"cpu_seconds": 2}, "it used more than 2 s of CPU time, and was ended"),
        ("while True: print('x' * 1000)", {"printed_bytes": 10_000}, "it printed more than 10000 bytes, and was ended"),
        ("import time; time.sleep(60)", {"answer_seconds": 2.0}, "no answer in time"),
    ],
)
def test_who_passes_a_limit_is_ended_and_told_which(ask_worker, isolation, body, limits, told, write_submission):
    spec = write_submission(f"def predict(batch):\n    {body}")
    with pytest.raises(SubmissionError, match=f"predict did not answer: {told}"):
        ask_worker(spec, Limits(isolation=isolation, **limits))


def test_a_limit_that_is_lower_already_stays():
    code = (
        "import json, resource; from spurgen.harness.worker.limits import set_limits;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (50, 60)); set_limits({'NOFILE': 55, 'CPU': 9});"
        "print(json.dumps([resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_CPU)]))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == [[50, 55], [8, 9]]
    assert os.sysconf("SC_OPEN_MAX") > 60
