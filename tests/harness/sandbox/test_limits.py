"""What a submission may use, however it is shut in."""

import json
import os
import subprocess
import sys

import pytest

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker


@pytest.mark.parametrize("isolation", ["bubblewrap", "process"])
@pytest.mark.parametrize(
    ("body", "limits", "told"),
    [
        ("while True: pass", {"cpu_seconds": 2}, "it used more than 2 s of CPU time, and was ended"),
        ("while True: print('x' * 1000)", {"printed_bytes": 10_000}, "it printed more than 10000 bytes, and was ended"),
        ("import time; time.sleep(60)", {"answer_seconds": 2.0}, "no answer in time"),
        ("import time; time.sleep(60)", {"life_seconds": 6.0}, "its time, 6 s for all that it does, is over"),
    ],
)
def test_who_passes_a_limit_is_ended_and_told_which(ask_worker, isolation, body, limits, told, write_submission):
    spec = write_submission(f"def predict(batch):\n    {body}")
    with pytest.raises(SubmissionError, match=f"predict did not answer: {told}"):
        ask_worker(spec, Limits(isolation=isolation, **limits))


def test_answers_that_each_come_in_time_have_an_end_together(write_submission):
    spec = write_submission("import time\ndef predict(batch):\n    time.sleep(1)\n    return [[0.0] * 3] * len(batch)")
    limits = Limits(answer_seconds=60.0, life_seconds=6.0)
    told = "predict did not answer: its time, 6 s for all that it does, is over"

    def ask_on(worker):
        for _ in range(30):
            worker.send("predict", Batch(None, ["a"]))
            worker.answer(1, 3, "test")

    with Worker(spec, {}, "a-task", limits) as worker, pytest.raises(SubmissionError, match=told):
        ask_on(worker)


def test_a_limit_that_is_lower_already_stays():
    code = (
        "import json, resource; from spurgen.harness.worker.limits import set_limits;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (50, 60)); set_limits({'NOFILE': (55, 55), 'CPU': (8, 9)});"
        "print(json.dumps([resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_CPU)]))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == [[50, 55], [8, 9]]
    assert os.sysconf("SC_OPEN_MAX") > 60
