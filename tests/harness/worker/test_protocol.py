"""What is written as a frame is read again as it was."""

import json
import os
import threading
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spurgen.benchmark.contract import Batch, LabeledData
from spurgen.harness.worker.protocol import BrokenFrameError, Pipe, PipeClosedError, data_from, data_to
from spurgen.harness.worker.server import serve


@contextmanager
def two_pipes():
    """The ends of two pipes: to read and to write, of each."""
    ends = [*os.pipe(), *os.pipe()]
    yield ends
    for end in ends:
        with suppress(OSError):  # a test closed it
            os.close(end)


@pytest.fixture
def ends():
    """Two pipes, crossed: what one sends the other receives."""
    with two_pipes() as (a, b, c, d):
        yield Pipe(a, d), Pipe(c, b)


def test_a_header_and_its_arrays_arrive(ends):
    here, there = ends
    arrays = {
        "x": np.arange(12, dtype=np.float32).reshape(3, 4),
        "y": np.array([True, False]),
        "z": np.empty((0, 5), np.int64),
        "big-endian": np.array([1.5, -2.0], ">f8"),
        "transposed": np.arange(6.0).reshape(2, 3).T,
        "scalar": np.array(3.0),
    }
    here.send({"op": "é", "n": 3, **arrays})
    header, received = there.receive(seconds=60)
    assert header == {"op": "é", "n": 3}
    for name, array in arrays.items():
        assert received[name].dtype == array.dtype.newbyteorder("=")
        assert np.array_equal(received[name], array)


def test_a_frame_larger_than_the_pipe_arrives(ends):
    here, there = ends
    big = np.arange(1_000_000)
    sender = threading.Thread(target=here.send, args=({"big": big},))
    sender.start()
    _, received = there.receive(seconds=60)
    sender.join()
    assert np.array_equal(received["big"], big)


def test_a_silent_side_is_an_error_at_the_deadline(ends):
    with pytest.raises(BrokenFrameError, match="no answer in time"):
        ends[0].receive(seconds=0.05)


def test_a_side_that_does_not_read_is_an_error_at_the_deadline(ends):
    with pytest.raises(BrokenFrameError, match="does not read"):
        ends[0].send({"big": np.zeros(10_000_000, np.uint8)}, seconds=0.05)


def test_a_closed_pipe_is_noticed_on_both_sides(ends):
    here, there = ends
    os.close(there.writing)
    with pytest.raises(BrokenFrameError, match="closed"):
        here.receive(seconds=60)
    os.close(there.reading)
    with pytest.raises(BrokenFrameError, match="closed"):
        here.send({})


def raw(pipe, header: bytes, length: int | None = None):
    os.set_blocking(pipe.writing, True)
    os.write(pipe.writing, (len(header) if length is None else length).to_bytes(8, "little") + header)


def arrays(*listed):
    return json.dumps({"arrays": listed}).encode()


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"no json", "cannot be read: JSONDecodeError"),
        (b"[]", "cannot be read: TypeError"),
        (b"{}", "cannot be read: KeyError"),
        (b"{\xff\xfe", "cannot be read: UnicodeDecodeError"),
        (b"[" * 60_000, "cannot be read: RecursionError"),
        (b'{"arrays": 3}', "cannot be read: TypeError"),
        (b'{"arrays": [["x"]]}', "cannot be read: ValueError"),
        (b'{"arrays": [["x", "uint8", [1e400]]]}', "cannot be read: OverflowError"),
        (arrays(["x", "object", [0]]), "array 'x' of dtype 'object'"),
        (arrays(["x", "float64", [-1]]), r"shape \(-1,\)"),
        (arrays(["x", "float64", ["a"]]), "cannot be read: ValueError"),
        (arrays(["x", "<M8[s]", [0]]), r"array 'x' of dtype '<M8\[s\]'"),
        (arrays(["x", "uint8", [0] * 65]), "cannot be read: ValueError: maximum supported dimension"),
        (arrays(["x", "uint8", [0, 2**63]]), "cannot be read"),
        (
            b'{"arrays": [["x", "uint8", [%s, %s]]]}' % (b"9" * 4000, b"9" * 4000),
            "cannot be read: ValueError: Exceeds the limit",
        ),
        (arrays(["x" * 100, "void", [10**30] * 100]), "^.{,200}$"),
    ],
)
def test_an_invalid_header_is_an_error_that_says_why(ends, header, message):
    sender = threading.Thread(target=raw, args=(ends[0], header))  # a long header fills the pipe
    sender.start()
    with pytest.raises(BrokenFrameError, match=message):
        ends[1].receive(seconds=60)
    sender.join()


def test_a_too_long_header_is_refused_before_it_is_read(ends):
    raw(ends[0], b"", length=1 << 60)
    with pytest.raises(BrokenFrameError, match="more than 65536"):
        ends[1].receive(seconds=60, max_header=1 << 16)


@pytest.mark.parametrize("sizes", [[1 << 40], [101], [50, 51], [1] * 101])
def test_too_many_bytes_of_arrays_are_refused_before_they_are_read(ends, sizes):
    raw(ends[0], arrays(*(["x", "float64", [size]] for size in sizes)))
    with pytest.raises(BrokenFrameError, match=f"{len(sizes)} arrays of {8 * sum(sizes)} bytes, more than 800"):
        ends[1].receive(seconds=60, max_bytes=800)


def test_an_ended_process_is_noticed_while_its_pipe_is_open():
    gone = iter([False, True])
    with two_pipes() as (reading, _, __, writing):
        pipe = Pipe(reading, writing, lambda: next(gone, True))
        with pytest.raises(BrokenFrameError, match="the other side has ended"):
            pipe.receive(seconds=60)
        with pytest.raises(BrokenFrameError, match="the other side has ended"):
            pipe.send({"big": np.zeros(10_000_000, np.uint8)}, seconds=60)


def test_the_last_frame_of_an_ended_process_is_read(ends):
    here, there = ends
    here.send({"last": "words"})
    assert Pipe(there.reading, there.writing, lambda: True).receive(seconds=60)[0] == {"last": "words"}


def test_a_bug_of_ours_is_raised_as_itself(ends):
    pipe = Pipe(ends[0].reading, ends[0].writing, Mock(side_effect=ZeroDivisionError))
    with pytest.raises(ZeroDivisionError):
        pipe.receive(seconds=60)
    os.close(ends[0].writing)
    with pytest.raises(OSError, match="Bad file descriptor"):
        ends[0].send({})


def headers(largest):
    """Draw headers: garbage, other JSON, and lists of arrays whose sizes go up to `largest`."""
    shapes = st.lists(st.integers(-2, largest), max_size=5 if largest > 1000 else 2)
    dtypes = st.sampled_from(["uint8", "float64", "object", "O"])
    listed = st.lists(st.tuples(st.text(max_size=5), dtypes, shapes), max_size=4)
    trees = st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=4))
    return st.binary(max_size=200) | (listed | trees).map(lambda arrays: json.dumps({"arrays": arrays}).encode())


@given(header=headers(2**64), rest=st.binary(max_size=300), off=st.integers(-3, 3), cut=st.integers(0, 20))
def test_any_bytes_are_a_frame_or_a_broken_frame_error(header, rest, off, cut):
    """Frames may be truncated, oversized, of a wrong dtype or count, or garbage."""
    frame = max(len(header) + off, 0).to_bytes(8, "little") + header + rest
    with two_pipes() as (a, b, _, d), suppress(BrokenFrameError):
        pipe = Pipe(a, d)
        os.write(b, frame[: len(frame) - cut])
        os.close(b)
        frame_header, arrays = pipe.receive(seconds=60, max_header=1 << 12, max_bytes=1 << 12)
        assert isinstance(frame_header, dict)
        assert sum(array.nbytes for array in arrays.values()) <= len(rest) + 3


WHOLE = [len(text).to_bytes(8, "little") + text for text in (b'{"arrays":[],"op":null}', b'{"arrays": []}')]


@given(data=st.one_of(st.binary(max_size=300), headers(1000).map(lambda h: len(h).to_bytes(8, "little") + h)))
@example(data=WHOLE[0])
@example(data=WHOLE[1])
def test_a_worker_answers_garbage_with_errors_and_ends(data):
    replies = []
    with two_pipes() as (a, b, c, d), suppress(PipeClosedError):
        os.write(b, data)
        os.close(b)
        serve(Pipe(a, d), sandboxed=False)
        os.close(d)
        pipe = Pipe(c, a)
        while True:
            replies.append(pipe.receive(seconds=60)[0])
    assert all(reply["ok"] is False and reply["error"] for reply in replies)
    assert replies or data not in WHOLE


IDS, EYE = np.arange(3), np.eye(3, dtype=np.float32)


@pytest.mark.parametrize(
    "data",
    [
        LabeledData(Batch(None, ["a", "é", ""]), IDS, 6),
        LabeledData(Batch(None, None, EYE), IDS, 6, twins=Batch(None, None, -EYE)),
        LabeledData(
            Batch(EYE.astype(np.uint8), ["a", "b", "c"]), IDS, 6, 1 - IDS, 2 * IDS, {"color": IDS, "x.y": -IDS}
        ),
    ],
    ids=["captions", "features and twins", "all columns"],
)
def test_labeled_data_arrive_as_they_were_sent(ends, data):
    ends[0].send(data_to(data, "train") | data_to(replace(data, labels=data.labels + 9), "val"))
    header, arrays = ends[1].receive(seconds=60)
    np.testing.assert_equal(asdict(data_from(header | arrays, "train")), asdict(data))


def test_samples_are_taken_with_their_features():
    batch = Batch(None, None, np.eye(4, dtype=np.float32))
    np.testing.assert_array_equal(batch.take(np.array([2, 0])).features, np.eye(4)[[2, 0]])
    assert len(batch.take(slice(1, 3))) == 2
