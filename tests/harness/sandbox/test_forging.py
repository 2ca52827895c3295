"""Frames that a submission writes itself to the pipe of its worker."""

import json

import pytest
from pydantic import ValidationError

from spurgen.benchmark.errors import SubmissionError, explain
from spurgen.harness.sandbox.answers import About
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker, describe
from spurgen.harness.worker.protocol import Pipe

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


ABOUT = {"name": "a", "access": "none", "modalities": ["text"], "offers": ["predict"], "uses_generator": False}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": 7}, "name: Input should be a valid string"),
        ({"name": "x" * 101}, "name: String should have at most 100 characters"),
        ({"name": "\ud800"}, "name: "),
        ({"name": "a\nb"}, "name: expected printable characters"),
        ({"access": "root"}, "access: expected one of envs, none, train_groups, twins"),
        ({"modalities": ["smell"]}, "modalities.0: expected one of image, multimodal, text"),
        ({"modalities": []}, "modalities: List should have at least 1"),
        ({"offers": ["fit"]}, "offers: expected at least one of predict, predict_proba, encode"),
        ({"offers": ["predict", "x"]}, "offers.1: expected one of encode, fit, "),
    ],
)
def test_a_forged_description_is_refused(changed, message):
    assert About.model_validate(ABOUT)
    with pytest.raises(ValidationError) as caught:
        About.model_validate(ABOUT | changed)
    explained = explain(caught.value.errors())
    assert explained.startswith(message)
    explained.encode()


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


def test_lone_surrogates_in_an_error_are_replaced(ask, write_submission):
    with pytest.raises(SubmissionError, match=r"ValueError: a\?b") as caught:
        ask(write_submission("def predict(batch): raise ValueError('a\\ud800b')"))
    "".join([str(caught.value), *caught.value.__notes__]).encode()
