import io
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from spurgen.benchmark.errors import ReadError
from spurgen.harness.machine.archives import unpack

ARRAYS = {
    "a": np.arange(6).reshape(2, 3), "b": np.asfortranarray(np.arange(6.0).reshape(3, 2)),
    "c": np.empty((0, 3), bool), "d": np.array(["ab", ""]), "e": np.array(7),
}  # fmt: skip


def saved(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def zipped(content, method=zipfile.ZIP_DEFLATED, size=None):
    """Zip one entry, `a.npy`; `size` is what the headers claim."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        file.writestr("a.npy", content)
    packed = buffer.getvalue()
    return packed if size is None else packed.replace(struct.pack("<I", len(content)), struct.pack("<I", size))


def npy(header="", data=b"", version=b"\x01\x00", **fields):
    known = {"descr": "u1", "fortran_order": False, "shape": (9,)}
    text = (header or repr(known | fields)).encode().ljust(53) + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + data


def test_what_numpy_wrote_is_read():
    arrays = unpack(saved(**ARRAYS), 1 << 20)
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "BadZipFile: File is not a zip file"),
        (saved(**ARRAYS)[:-30], "BadZipFile"),
        (saved(**ARRAYS)[:300] + bytes(40) + saved(**ARRAYS)[340:], "."),
        (zipped(b"no array"), "ValueError: the magic string is not correct"),
        (zipped(bytes(100), zipfile.ZIP_LZMA), "'a.npy' is compressed by method 14, expected deflate"),
        (zipped(bytes(100), zipfile.ZIP_BZIP2), "'a.npy' is compressed by method 12, expected deflate"),
        (zipped(npy()), r"'a.npy' has 0 bytes for uint8 \(9,\)"),
        (zipped(npy(data=bytes(8), descr="O", shape=(1,))), "'a.npy' has 8 bytes for object"),
        (zipped(npy(shape=(-1,))), "."),
        (zipped(npy("{'descr': 'u1', 'shape': (9,)}")), "ValueError: Header does not contain the correct keys"),
        (zipped(npy("(" * 50)), "Error"),
        (zipped(npy(version=b"\x09\x00")), "'a.npy' is not in version 1.0 of NumPy's format"),
        (zipped(npy(version=b"\x02\x00")), "'a.npy' is not in version 1.0 of NumPy's format"),
        (zipped(bytes(100), size=99), "BadZipFile: Bad CRC-32"),
        (zipped(bytes(100), size=101), "."),
    ],
)  # fmt: skip
def test_what_is_no_archive_of_arrays_is_refused_on_one_line(content, message):
    with pytest.raises(ReadError, match=message) as caught:
        unpack(content, 1 << 20)
    assert "\n" not in str(caught.value)


def test_more_than_expected_is_not_unpacked_even_if_the_headers_lie():
    """The size is first declared, then not, then in NumPy's header."""
    packer, size = zlib.compressobj(), 256 << 20
    block = bytes(1 << 20)
    data = b"".join([packer.compress(block) for _ in range(size >> 20)] + [packer.flush()])[2:-4]
    tracemalloc.start()
    for declared, message in ((size, "unpacks to 268,435,456 bytes, expected at most 4,096"), (100, "Bad CRC-32")):
        with pytest.raises(ReadError, match=message):
            unpack(raw_zip(data, declared), 4096)
    with pytest.raises(ReadError, match="has 0 bytes for uint8"):
        unpack(zipped(npy(shape=(10**15,))), 4096)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10 << 20


def raw_zip(data, declared):
    """Return a zip of one deflated entry with a size that is only claimed."""
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(data), declared, 5, 0)
    central = struct.pack("<IH", 0x02014B50, 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"a.npy"
    local = struct.pack("<I", 0x04034B50) + fields + b"a.npy" + data
    return local + central + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(central), len(local), 0)
