"""The life of a worker process."""

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from ended import ended

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker
from spurgen.harness.worker.protocol import Pipe
from spurgen.harness.worker.server import bound_memory

PLAIN = Limits(isolation="process")

CAPTIONS = ["a", "b", "c", "d"]


FORKING = """
import os, time
def predict(batch):
    child = os.fork()
    if not child:
        time.sleep(600)
        os._exit(0)
    with open(%r, "w") as file:
        file.write(str(child))
    %s
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("os._exit(9)", "predict did not answer: its process ended with exit code 9"),
        ("raise ValueError('no')", "predict failed: ValueError: no"),
    ],
)
def test_a_forked_child_ends_with_its_worker(ask_worker, ending, message, tmp_path, write_submission, wait_until):
    note = tmp_path / "child"
    with pytest.raises(SubmissionError, match=message):
        ask_worker(write_submission(FORKING % (str(note), ending)), PLAIN)
    child = int(note.read_text())
    wait_until(lambda: ended(child))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_a_long_question_to_an_ended_worker_is_an_error(tmp_path, write_submission):
    code = FORKING.replace("def predict(batch):", "def predict(batch): ...\nif True:") % (str(tmp_path / "child"), "")
    with Worker(write_submission(code), {}, "a-task", PLAIN) as worker:
        os.kill(worker.process.process.pid, signal.SIGKILL)
        with pytest.raises(SubmissionError, match="predict did not answer: signal 9 ended its process"):
            worker.send("predict", Batch(np.zeros((1000, 32, 32, 3), np.uint8), None))
        assert not ended(int((tmp_path / "child").read_text()))  # it has the other ends of the pipe open


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("os._exit(7)", "its process ended with exit code 7"),
        ("os.kill(os.getpid(), 9)", "signal 9 ended its process"),
        ("os.close(3); os.close(4)", "its process ended with exit code 1"),
    ],
)
def test_a_process_that_ends_is_named_with_its_exit_code_or_signal(ask, write_submission, body, message):
    with pytest.raises(SubmissionError, match=f"predict did not answer: {message}"):
        ask(write_submission(f"import os\ndef predict(batch):\n    {body}"))


def test_a_worker_computes_with_one_thread(ask, write_submission, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    code = """
import os, torch
def predict(batch):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return [[torch.get_num_threads(), *(float(os.environ[name]) for name in names)]] * 4
"""
    assert ask(write_submission(code), width=5)[0].tolist() == [1, 1, 1, 1, 1]


def test_a_worker_starts_without_what_takes_as_long_to_import_as_all_it_needs(ask_worker, write_submission):
    code = "import sys\ndef predict(batch): return [['pydantic' in sys.modules] * 3] * 4"
    assert not ask_worker(write_submission(code), PLAIN).any()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the settings are glibc's")
def test_a_worker_keeps_freed_memory_for_the_next_step(ask, write_submission):
    code = """
import numpy as np, resource
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def step(): [np.ones(5 << 18) for _ in range(20)]  # 200 MiB, 51,200 pages
def predict(batch):
    step()
    before = faults()
    step()
    return [[faults() - before]] * 4
"""
    assert ask(write_submission(code), width=1)[0, 0] < 1000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has PR_SET_PDEATHSIG")
@pytest.mark.parametrize(
    ("isolation", "processes"), [("process", 1), pytest.param("bubblewrap", 3, marks=pytest.mark.needs("bubblewrap"))]
)
def test_a_worker_ends_with_the_scorer(isolation, processes, write_submission, wait_until):
    code = """
import sys, time
from spurgen.harness.sandbox.process import Worker
from spurgen.harness.sandbox.limits import Limits
print(*Worker(sys.argv[1], {}, "a-task", Limits(isolation=sys.argv[2])).process.pids(), flush=True)
time.sleep(600)
"""
    # a thread keeps the process alive when its pipe closes
    spec = write_submission(
        "import threading\nthreading.Thread(target=threading.Event().wait).start()\ndef predict(b): ..."
    )
    command = [sys.executable, "-c", code, spec, isolation]
    scorer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    pids = [*map(int, scorer.stdout.readline().split())]
    assert len(pids) == processes
    assert not any(map(ended, pids))
    scorer.kill()
    scorer.communicate()
    wait_until(lambda: all(map(ended, pids)))


def test_training_may_take_six_hours_and_an_answer_half_an_hour(write_submission, monkeypatch):
    data = LabeledData(Batch(None, CAPTIONS), np.arange(4), 6)
    code = "def fit(train, val, context): ...\ndef predict(batch): return [[0.0, 0.0, 1.0]] * 4"
    with Worker(write_submission(code), {}, "a-task") as worker:
        waited, receive = [], Pipe.receive
        monkeypatch.setattr(
            Pipe, "receive", lambda pipe, seconds, *more: waited.append(seconds) or receive(pipe, seconds, *more)
        )
        worker.fit(data, data, Context(("a",), "text", 32, "cpu", 5, worker.scratch))
        worker.send("predict", Batch(None, CAPTIONS))
        worker.answer(4, 3, "test")
    assert waited == [6 * 3600, 1800]


GIB = 1 << 30


@pytest.mark.parametrize(("total", "share", "expected"), [(80, 0.25, 19.375), (16, 0.5, 7.375), (4, 0.1, 0.04)])
def test_processes_that_share_a_gpu_get_its_memory_less_what_cuda_needs_for_each(monkeypatch, total, share, expected):
    bounded = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(total_memory=total * GIB))
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda *given: bounded.append(given))
    bound_memory(share, "cuda:0")
    ((fraction, device),) = bounded
    assert (fraction * total, device) == (pytest.approx(expected), "cuda:0")


def test_without_a_gpu_nothing_is_bounded(monkeypatch):
    bounded = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda *given: bounded.append(given))
    bound_memory(0.5, "cuda")
    assert bounded == []
