"""A submission in a process of its own: questions and answers, errors, reports, forged frames."""

import json
import os
import tempfile
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.sandbox import launch, process
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker, describe
from spurgen.harness.worker.protocol import Pipe

IMAGES = np.arange(4 * 32 * 32 * 3, dtype=np.uint8).reshape(4, 32, 32, 3)
PLAIN = Limits(isolation="process")
CAPTIONS = ["a house", "zwölf Boxkämpfer", "", "a\nb"]


def test_inputs_and_answers_come_through_unchanged(ask, write_submission):
    code = """
import numpy as np
def predict(batch):
    assert batch.images.dtype == np.uint8 and batch.images.shape == (4, 32, 32, 3)
    sums = batch.images.reshape(4, -1).sum(1)
    return np.stack([sums, [len(c) for c in batch.captions], [c.count("\\n") for c in batch.captions]], axis=1)
"""
    scores = ask(write_submission(code), batch=Batch(IMAGES, CAPTIONS))
    assert scores.tolist() == [[int(i.sum()), len(c), c.count("\n")] for i, c in zip(IMAGES, CAPTIONS, strict=True)]


def test_output_does_not_disturb_the_protocol(ask, write_submission):
    code = """
import os, sys
print("hello")
def predict(batch):
    print("x" * 100_000); sys.stdout.flush(); os.write(1, b"raw"); sys.stdin.read()
    return [[1.0, 2.0, 3.0]] * 4
"""
    assert ask(write_submission(code)).shape == (4, 3)


def test_tensors_and_lists_of_tensors_are_answers(write_submission):
    code = "import torch\ndef rows(): return torch.ones(4, 3, dtype=torch.bfloat16, requires_grad=True)\n"
    code += "def predict(batch): return rows()\ndef encode(batch): return [*rows().float()]"
    with Worker(write_submission(code), {}, "a-task") as worker:
        for what, width in (("predict", 3), ("encode", None)):
            worker.send(what, Batch(None, CAPTIONS))
            assert worker.answer(4, width, "test").tolist() == [[1, 1, 1]] * 4


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return [[1.0, 2.0]] * 4", r"predict returned shape \(4, 2\) on test, expected \(4, 3\)"),
        ("return [['a', 'b', 'c']] * 4", "not real numbers"),
        ("return np.ones((4, 3), complex)", "dtype complex128, not real numbers"),
        ("raise ValueError('no such luck')", "predict failed: ValueError: no such luck"),
        ("raise SystemExit(3)", "predict failed: SystemExit: 3"),
    ],
)
def test_a_bad_answer_names_submission_task_step_and_reason(ask_worker, write_submission, body, message):
    spec = write_submission(f"import numpy as np\ndef predict(batch):\n    {body}")
    with pytest.raises(SubmissionError, match=message) as caught:
        ask_worker(spec, PLAIN)
    assert str(caught.value).startswith(f"submission {spec}, task a-task: ")


def test_scores_too_small_to_divide_by_are_0(ask_worker, write_submission):
    code = "import numpy as np\ndef predict(batch): return np.array([[5e-324, -1e-31, 1e-30]] * 4)"
    assert ask_worker(write_submission(code), PLAIN).tolist() == [[0, 0, 1e-30]] * 4


def test_a_closed_pipe_of_a_running_process_is_an_error(ask_worker, write_submission, monkeypatch):
    monkeypatch.setattr(launch, "EXIT_SECONDS", 0.3)
    code = "import os, time\ndef predict(batch):\n    os.close(3); os.close(4); time.sleep(600)"
    with pytest.raises(SubmissionError, match="predict did not answer: the pipe is closed"):
        ask_worker(write_submission(code), Limits(isolation="process"))


def test_the_last_output_of_a_process_that_ends_is_shown(ask, write_submission):
    code = "import os, sys\ndef predict(batch):\n    sys.stderr.write('last words'); sys.stderr.flush(); os._exit(1)"
    with pytest.raises(SubmissionError) as caught:
        ask(write_submission(code))
    assert "last words" in "".join(caught.value.__notes__)


def test_a_long_error_in_any_script_is_shown(ask_worker, trained, write_submission):
    with pytest.raises(SubmissionError, match="fit failed: ValueError: 😀"):
        trained(f"def fit(*_): raise ValueError('😀' * 6000)  # {'😀' * 2000}\ndef predict(batch): ...")
    chained = "\n".join(f"def f{k}(): f{k + 1}()  # {'😀' * 90}" for k in range(60))
    code = f"{chained}\ndef f60(): raise ValueError('😀' * 6000)\ndef predict(batch): f0()"
    with pytest.raises(SubmissionError, match="predict failed: ValueError: 😀"):
        ask_worker(write_submission(code), PLAIN)


def test_fit_gets_exactly_what_the_access_tier_grants(write_submission):
    code = """
ACCESS = "envs"
seen = []
def fit(train, val, context):
    seen.append([train.env_ids is not None, val.env_ids is not None, train.group_ids, train.channel_values, train.twins,
                 val.group_ids, val.channel_values, context.class_names, context.scratch.is_dir(), context.seed])
    assert train.images.shape == (4, 32, 32, 3) and train.captions[1] == "zw\\u00f6lf Boxk\\u00e4mpfer"
def predict(batch):
    assert seen == [[True, True, None, None, None, None, None, ("a", "b", "c"), True, 5]], seen
    return [[0.0, 0.0, 1.0]] * 4
"""
    ids = np.arange(4)
    data = LabeledData(Batch(IMAGES, CAPTIONS), ids % 3, 6, ids, ids, {"color": ids}, Batch(IMAGES, CAPTIONS))
    with Worker(write_submission(code), {}, "a-task") as worker:
        context = Context(("a", "b", "c"), "multimodal", 32, "cpu", 5, worker.scratch)
        access = worker.about.access
        worker.fit(data.restrict(access, "train"), data.restrict(access, "val"), context)
        worker.send("predict", Batch(IMAGES, CAPTIONS))
        assert worker.answer(4, 3, "test")[0].tolist() == [0, 0, 1]
        scratch = worker.scratch
    assert not scratch.exists()


@pytest.mark.parametrize("isolation", [pytest.param("bubblewrap", marks=pytest.mark.needs("bubblewrap")), "process"])
def test_an_ended_worker_leaves_no_process_and_no_files(isolation, tmp_path, write_submission, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    limits = Limits(isolation=isolation)
    with Worker(write_submission("def predict(batch): return []"), {}, "a-task", limits) as worker:
        pids = worker.process.pids()
        assert worker.peak_bytes > 20_000_000  # NumPy's alone, not bubblewrap's
        assert [*tmp_path.glob(".spurgen-*")]
    assert not any(Path(f"/proc/{number}").exists() for number in pids)
    assert not [*tmp_path.glob(".spurgen-*")]


@pytest.mark.parametrize(
    ("code", "hinted"),
    [
        ("train.group_ids.max()", True),
        ("__import__('torch').as_tensor(train.env_ids).sum()", True),
        ("exit(repr([None]))", False),
    ],
)
def test_only_an_error_about_a_withheld_field_gets_a_hint(trained, code, hinted):
    with pytest.raises(SubmissionError) as caught:
        trained(f"def fit(train, val, context): {code}\ndef predict(batch): ...")
    assert ("is None: write ACCESS = " in str(caught.value)) is hinted


def test_our_messages_show_no_traceback_and_a_submissions_error_only_its_own_frames(ask_worker, write_submission):
    with pytest.raises(SubmissionError, match="has none of predict") as caught:
        Worker(write_submission("x = 1"), {}, "a-task")
    assert not hasattr(caught.value, "__notes__")
    with pytest.raises(SubmissionError) as caught:
        ask_worker(write_submission("print('before')\ndef predict(batch):\n    return oops"), PLAIN)
    trace, printed = caught.value.__notes__
    assert "model.py" in trace
    assert "return oops" in trace
    assert "harness" not in trace
    assert printed == "it printed, last: before"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ValueError('a\\x1b[31mb\\x07')", r"ValueError: a\?\[31mb\?"),
        ("raise ValueError('x' * 100_000)", r"ValueError: x{1900,2100}\n"),
        ("raise ValueError('a\\ud800b')", r"ValueError: a\?b"),  # a lone surrogate cannot be written
    ],
)
def test_errors_are_shortened_and_free_of_control_characters(ask_worker, write_submission, body, message):
    with pytest.raises(SubmissionError, match=message) as caught:
        ask_worker(write_submission(f"def predict(batch):\n    {body}"), PLAIN)
    assert b"\x1b" not in "".join([str(caught.value), *getattr(caught.value, "__notes__", [])]).encode()


def test_features_must_have_the_same_columns_in_every_batch(write_submission):
    spec = write_submission("import numpy as np\ndef encode(batch): return np.ones((len(batch), 1 + len(batch) % 3))")
    with Worker(spec, {}, "a-task", PLAIN) as worker:
        for count in (4, 7):
            worker.send("encode", Batch(None, ["a"] * count))
            worker.answer(count, None, "test")
        worker.send("encode", Batch(None, ["a"] * 5))
        with pytest.raises(SubmissionError, match="encode returned 3 columns on test, and 2 before; return as many"):
            worker.answer(5, None, "test")


def test_a_report_may_have_numbers_of_numpy(trained):
    code = "import numpy as np\ndef fit(*_): ...\ndef predict(b): ...\n"
    with trained(code + "def report(): return {'curves': [{'loss': np.float32(0.5)}]}") as worker:
        assert worker.report.curves == ({"loss": 0.5},)


def test_a_closed_worker_signals_no_process_when_it_is_closed_again(write_submission, monkeypatch):
    worker = Worker(write_submission("def predict(b): ..."), {}, "a-task")
    worker.close()
    signalled = []
    monkeypatch.setattr(os, "killpg", lambda *signal: signalled.append(signal))
    worker.close()
    assert signalled == []


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ("{'checks': {'a': 'maybe?'}}", "an invalid report: checks.a: "),
        ("{'checks': {'\\x1bc': False}}", r"an invalid report: checks\.'\\x1bc': expected at most 100 printable"),
        ("{'x': 1}", "an invalid report: .*x"),
        ("{'checks': {1, 2}}", "what JSON cannot hold, .*; return dicts of numbers"),
        ("{'curves': [{f'{k:05}': 0.0 for k in range(7000)}]}", r"[\d,]+ bytes, expected at most 65,536; report less"),
        ("{'selection': '\\ud800'}", "(text that cannot be written|an invalid report: selection)"),
    ],
)
def test_an_invalid_report_is_an_error_of_the_submission(trained, report, message):
    with pytest.raises(SubmissionError, match=rf"report\(\) returned {message}"):
        trained(f"def fit(*_): ...\ndef report(): return {report}\ndef predict(b): ...")


@pytest.mark.parametrize("ours", ["batch_to", "np.isfinite"])
def test_a_bug_of_ours_is_raised_as_itself(ours, write_submission, monkeypatch):
    with Worker(write_submission("def predict(batch): return [[0.0] * 3] * 4"), {}, "a-task") as worker:
        monkeypatch.setattr(f"{process.__name__}.{ours}", Mock(side_effect=ZeroDivisionError))
        with pytest.raises(ZeroDivisionError):
            worker.send("predict", Batch(None, CAPTIONS)) or worker.answer(4, 3, "test")


FORGING = """
import json, os, sys, time
def forge(header, length=None, rest=b""):
    frame = sys._getframe()
    while "pipe" not in frame.f_locals:
        frame = frame.f_back
    writing = frame.f_locals["pipe"].writing
    os.set_blocking(writing, True)
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    os.write(writing, (length or len(header)).to_bytes(8, "little") + header + rest)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("forged", "message"),
    [
        ('b"[" * 60_000', "load did not answer: .*RecursionError"),
        ("b'', 1 << 40", "load did not answer: a header of 1099511627776 bytes, more than 131072"),
        ('{"arrays": [["x", "uint8", [1]]]}', "load did not answer: 1 arrays of 1 bytes, more than 0"),
        ('b\'{"arrays": [], "error": \' + b"[" * 700 + b"]" * 700 + b"}"', r"load failed: \[\["),
        ('{"arrays": [], "ok": True}', "invalid description: name: "),
        ('{"arrays": [], "ok": 1}', "load failed: None"),
    ],
)
def test_a_forged_frame_is_an_error_of_the_submission(forged, message, write_submission):
    spec = write_submission(f"{FORGING}\nforge({forged})")
    with pytest.raises(SubmissionError, match=message) as caught:
        describe(spec, {}, Limits(isolation="process"))
    str(caught.value).encode()


@pytest.fixture
def forged_answer(ask, write_submission):
    """Return a function that lets a submission send an array with this header and this many bytes."""

    def forge(dtype, shape, size, *, width=3, what="predict"):
        listed = json.dumps({"ok": True, "arrays": [["answer", dtype, shape]]})
        spec = write_submission(f"{FORGING}\ndef {what}(batch): forge({listed.encode()}, rest=bytes({size}))")
        return ask(spec, what, width)

    return forge


@pytest.mark.parametrize("dtype", ["int64", "bool", "uint8"])
def test_a_forged_dtype_is_refused(forged_answer, dtype):
    with pytest.raises(SubmissionError, match=rf"predict returned {dtype} of shape \(4, 3\) on test, expected floats"):
        forged_answer(dtype, [4, 3], 96)


def test_at_most_the_bytes_of_the_widest_answer_are_read(forged_answer, write_submission, monkeypatch):
    for width, what in ((3, "predict"), (None, "encode")):
        with pytest.raises(SubmissionError, match=f"{what} did not answer: 1 arrays of {1 << 24} bytes, more than"):
            forged_answer("uint8", [1 << 24], 0, width=width, what=what)
    with Worker(write_submission("def predict(b): ..."), {}, "a-task") as worker:
        limits = []  # of answers that are not small
        monkeypatch.setattr(
            Pipe, "receive", lambda _, __, ___, max_bytes: limits.append(max_bytes) or ({"ok": True}, {})
        )
        for width in (3, None):
            with pytest.raises(SubmissionError):
                worker.answer(100_000, width, "test")
    assert limits == [100_000 * 4096 * 8] * 2


def test_too_wide_features_are_refused_by_worker_and_scorer(ask, forged_answer, write_submission):
    spec = write_submission("import numpy as np\ndef encode(batch): return np.zeros((4, 4097), np.float16)")
    with pytest.raises(SubmissionError, match="encode failed: encode returned 4097 columns, more than 4096; pool or"):
        ask(spec, "encode", None)
    with pytest.raises(SubmissionError, match=r"encode returned float16 of shape \(4, 4097\) .* in 1 to 4096 columns"):
        forged_answer("float16", [4, 4097], 4 * 4097 * 2, width=None, what="encode")
