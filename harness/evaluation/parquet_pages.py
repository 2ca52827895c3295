"""The headers of a Parquet file's pages: what a decoder believes, whatever the file's footer says.

A header is a struct in Thrift's compact protocol (PageHeader in parquet.thrift), right before its page. What two
readers could understand in two ways, such as a field that occurs twice or a number of too many bits, is an error.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

HEADER_BYTES = 1 << 16  # statistics of a page may hold two long texts
KIND, UNPACKED, PACKED = 1, 2, 3  # numbers of a header's fields
ENCODED_BY = {0: (5, 2), 2: (7, 2), 3: (8, 4)}  # by kind (data, dictionary, data 2): fields that lead to the encoding
DELTA_BYTE_ARRAY = 7  # an encoding in which each text has its beginning from the one before
TRUE, FALSE, BYTE, WHOLE, BINARY, STRUCT = (
    1,
    2,
    3,
    {4: 15, 5: 31, 6: 63},
    8,
    12,
)  # types of values; bits of whole numbers


class Page(NamedTuple):
    """How many bytes a page takes when it is unpacked, and whether its texts share their beginnings."""

    size: int
    shares: bool


def pages(file: BinaryIO, start: int, end: int) -> Iterator[Page]:
    """Yield the pages from one place in a file to another; raise `ValueError` for what is no page."""
    while start < end:
        file.seek(start)
        header = _Header(file.read(min(HEADER_BYTES, end - start)))
        fields = header.struct()
        size, packed = (fields.get(number) for number in (UNPACKED, PACKED))
        if type(size) is not int or type(packed) is not int or min(size, packed) < 0:
            raise ValueError(f"no page begins at byte {start}")
        about, number = ENCODED_BY.get(fields.get(KIND, -1), (0, 0))
        inner = fields.get(about)
        yield Page(size, isinstance(inner, dict) and inner.get(number) == DELTA_BYTE_ARRAY)
        start += header.place + packed
    if start > end:
        raise ValueError(f"its last page ends at byte {start}, expected {end}")


class _Header:
    """Bytes that begin with a struct; `place` is where the next value begins."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Read a struct; return its values by their fields' numbers."""
        found: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            number = number + step if step else self._whole(15)
            if number in found or depth > 2:
                raise ValueError(f"a page's header has field {number} twice, or is nested too deeply")
            found[number] = self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:  # noqa: ANN401
        if kind in WHOLE:
            return self._whole(WHOLE[kind])
        if kind == STRUCT:
            return self.struct(depth + 1)
        if kind in (BYTE, BINARY):
            size = 1 if kind == BYTE else self._varint(31)
            self.place += size
        elif kind not in (TRUE, FALSE):  # it has no lists
            raise ValueError(f"a page's header has a value of type {kind}")
        return None

    def _whole(self, bits: int) -> int:
        number = self._varint(bits + 1)
        return (number >> 1) ^ -(number & 1)

    def _varint(self, bits: int) -> int:
        number, shift = 0, 0
        while (byte := self._byte()) & 128 and shift < bits:
            number, shift = number | (byte & 127) << shift, shift + 7
        number |= byte << shift
        if number >> bits:
            raise ValueError(f"a page's header has a number of more than {bits} bits")
        return number

    def _byte(self) -> int:
        if self.place >= len(self.content):
            raise ValueError("a page's header does not end")
        self.place += 1
        return self.content[self.place - 1]
