"""Read the arrays of an `.npz` file that may be damaged or forged, without unpacking more than is expected."""

import io
import math
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import ReadError, shortened

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # with others zipfile unpacks without a limit


def unpack(content: bytes, at_most: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of an `.npz` file, read-only, by name.

    Raises `ReadError` on one line, without the file's name, if the content is not that of an `.npz` file or if its
    arrays take more than `at_most` bytes: those that the file declares, and those that it unpacks to.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            entries = file.infolist()
            declared = sum(entry.file_size for entry in entries)
            if declared > at_most:
                raise ReadError(f"it unpacks to {declared:,} bytes, expected at most {at_most:,}")
            return {entry.filename.removesuffix(".npy"): _array(file, entry) for entry in entries}
    except ReadError:
        raise
    # On damaged bytes zipfile, zlib and NumPy's reader of headers raise at least nine kinds of errors, none of them
    # documented.
    except Exception as error:
        raise ReadError(f"{type(error).__name__}: {' '.join(str(error).split())}") from None


def _array(file: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """Return an entry's array; NumPy's own reader allocates the shape in the header before it reads."""
    if entry.compress_type not in METHODS:
        raise ReadError(f"{shortened(entry.filename)} is compressed by method {entry.compress_type}, expected deflate")
    with file.open(entry) as stream:
        content = stream.read(entry.file_size + 1)  # `read()` would unpack all there is
    header = io.BytesIO(content)
    if np.lib.format.read_magic(header) != (1, 0):
        raise ReadError(f"{shortened(entry.filename)} is not in version 1.0 of NumPy's format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(header)
    size = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or size != len(content) - header.tell():
        raise ReadError(f"{shortened(entry.filename)} has {len(content) - header.tell()} bytes for {dtype} {shape}")
    return np.ndarray(shape, dtype, content, header.tell(), order="F" if fortran else "C")
