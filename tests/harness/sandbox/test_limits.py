"""The limits on a submission, sandboxed or not. Work without end reaches each of them, however slow the machine."""

import resource
import time

import pytest

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker, describe

SLEEP = "import time; time.sleep(600)"


@pytest.mark.parametrize("isolation", [pytest.param("bubblewrap", marks=pytest.mark.needs("bubblewrap")), "process"])
@pytest.mark.parametrize(
    ("code", "limits", "message"),
    [
        ("while True: pass", {"cpu_seconds": 2}, "it used more than 2 s of CPU time, and was ended; see --cpu-hours"),
        (
            "while True: print('x' * 1000)",
            {"printed_bytes": 10_000},
            "it printed more than 10000 bytes, .* --printed-mib",
        ),
        (SLEEP, {"answer_seconds": 0.3}, "no answer in time, 0.3 s; see --answer-minutes"),
        (SLEEP, {"life_seconds": 0.3}, "it ran for longer than 0.3 s in all; see --life-hours"),
    ],
)
def test_a_submission_that_passes_a_limit_is_ended(isolation, code, limits, message, write_submission):
    with pytest.raises(SubmissionError, match=f"load did not answer: {message}"):
        describe(write_submission(code), {}, Limits(isolation=isolation, **limits))


@pytest.mark.parametrize(("share", "device", "bound"), [(0.5, "cuda", True), (1.0, "cuda", False), (0.5, "cpu", False)])
def test_only_a_submission_that_shares_a_gpu_is_bound_to_its_share(share, device, bound, write_submission):
    code = "import sys\nNAME = f'bound: {\"torch\" in sys.modules}'\ndef predict(b): ..."  # torch bounds it
    assert describe(write_submission(code), {}, Limits(gpu_share=share), device).name == f"bound: {bound}"


def test_training_that_takes_too_long_names_its_limit(trained):
    with pytest.raises(SubmissionError, match=r"fit did not answer: no answer in time, 0\.3 s; see --fit-hours"):
        trained("import time\ndef fit(*_): time.sleep(600)\ndef predict(b): ...", fit_seconds=0.3)


def test_a_worker_has_a_limited_life_even_if_each_answer_comes_in_time(write_submission, monkeypatch):
    body = "    count += 1\n    if count == 2: time.sleep(600)\n    return [[0.0] * 3]"
    spec = write_submission(f"import time\ncount = 0\ndef predict(batch):\n    global count\n{body}")
    with Worker(spec, {}, "a-task", Limits(life_seconds=3600)) as worker:
        worker.send("predict", Batch(None, ["a"]))
        worker.answer(1, 3, "test")
        clock = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: clock() + 3600)
        worker.send("predict", Batch(None, ["a"]))
        with pytest.raises(SubmissionError, match="predict did not answer: it ran for longer than 3600 s in all"):
            worker.answer(1, 3, "test")


def test_no_limit_is_above_that_of_this_process(monkeypatch):
    own = {resource.RLIMIT_NOFILE: (50, 60)}
    monkeypatch.setattr(resource, "getrlimit", lambda number: own.get(number, (resource.RLIM_INFINITY,) * 2))
    limits = Limits(cpu_seconds=9).for_process("cpu")
    assert (limits["NOFILE"], limits["CPU"]) == ((50, 60), (8, 9))
