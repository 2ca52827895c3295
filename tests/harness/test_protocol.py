import json
import os
import threading

import numpy as np
import pytest

from spurgen.harness.protocol import BrokenFrameError, Pipe


@pytest.fixture
def ends():
    """Two pipes, crossed: what one sends the other receives."""
    (a, b), (c, d) = os.pipe(), os.pipe()
    yield Pipe(a, d), Pipe(c, b)
    for descriptor in (a, b, c, d):
        try:
            os.close(descriptor)
        except OSError:
            continue


def test_arrays_and_header_come_through(ends):
    here, there = ends
    arrays = {
        "x": np.arange(12, dtype=np.float32).reshape(3, 4),
        "y": np.array([True, False]),
        "z": np.empty((0, 5), np.int64),
    }
    here.send({"op": "é", "n": 3}, arrays)
    header, received = there.receive(seconds=5)
    assert header == {"op": "é", "n": 3}
    for name, array in arrays.items():
        assert received[name].dtype == array.dtype
        assert np.array_equal(received[name], array)


def test_frames_larger_than_the_pipe_pass_while_the_other_side_reads(ends):
    here, there = ends
    big = np.arange(1_000_000)
    sender = threading.Thread(target=here.send, args=({}, {"big": big}))
    sender.start()
    _, received = there.receive(seconds=20)
    sender.join()
    assert np.array_equal(received["big"], big)


def test_silence_ends_with_the_deadline(ends):
    with pytest.raises(BrokenFrameError, match="no answer in time"):
        ends[0].receive(seconds=0.05)


def test_a_reader_that_does_not_read_is_given_up(ends):
    with pytest.raises(BrokenFrameError, match="does not read"):
        ends[0].send({}, {"big": np.zeros(10_000_000, np.uint8)}, seconds=0.05)


def test_a_closed_pipe_is_noticed_on_both_sides(ends):
    here, there = ends
    os.close(there.writing)
    with pytest.raises(BrokenFrameError, match="closed"):
        here.receive(seconds=1)
    os.close(there.reading)
    with pytest.raises(BrokenFrameError, match="closed"):
        here.send({})


def raw(pipe, header: bytes, length: int | None = None):
    os.write(pipe.writing, (len(header) if length is None else length).to_bytes(8, "little") + header)


@pytest.mark.parametrize(
    "header",
    [
        b"no json", b"[]", b"{}", b"\xff\xfe", b'{"arrays": 3}', b'{"arrays": [["x"]]}',
        json.dumps({"arrays": [["x", "object", [2]]]}).encode(),
        json.dumps({"arrays": [["x", "float64", [-1]]]}).encode(),
        json.dumps({"arrays": [["x", "float64", ["a"]]]}).encode(),
        json.dumps({"arrays": [["x", "<M8[s]", [1]]]}).encode(),
    ],
)  # fmt: skip
def test_nonsense_is_refused(ends, header):
    raw(ends[0], header)
    with pytest.raises(BrokenFrameError):
        ends[1].receive(seconds=1)


def test_announced_sizes_are_refused_before_anything_is_read(ends):
    raw(ends[0], b"", length=1 << 60)
    with pytest.raises(BrokenFrameError, match="more than 65536"):
        ends[1].receive(seconds=1, max_header=1 << 16)


def test_arrays_beyond_the_limit_are_refused_before_they_are_read(ends):
    raw(ends[0], json.dumps({"arrays": [["x", "float64", [1 << 40]]]}).encode())
    with pytest.raises(BrokenFrameError, match="more than 800"):
        ends[1].receive(seconds=1, max_bytes=800)
