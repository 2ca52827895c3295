"""Pages of written files, and headers that two readers could understand in two ways."""

import io

import pyarrow as pa
import pytest
from pyarrow import parquet

from spurgen.harness.evaluation.parquet_pages import pages

HEADER = bytes([0x15, 0, 0x15, 16, 0x15, 4])  # kind 0, 8 bytes, 2 of them packed
MANY = [0x80] * 5


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip", "lz4"])
def test_the_pages_of_a_file_add_up_to_what_its_honest_footer_says(tmp_path, version, compression):
    path = tmp_path / "some.parquet"
    table = pa.table({"label": [str(k % 7) for k in range(10_000)], "score": [k / 3 for k in range(10_000)]})
    parquet.write_table(table, path, data_page_version=version, compression=compression, data_page_size=4096)
    metadata = parquet.ParquetFile(path).metadata
    for column in map(metadata.row_group(0).column, range(2)):
        start = column.dictionary_page_offset
        with path.open("rb") as file:
            found = [*pages(file, start, start + column.total_compressed_size)]
        assert len(found) > 2
        headers = column.total_uncompressed_size - sum(page.size for page in found)
        assert 0 < headers < 150 * len(found)
        assert not any(page.shares for page in found)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_pages_whose_texts_share_their_beginnings_are_told(tmp_path, version):
    path = tmp_path / "some.parquet"
    encoding = {"use_dictionary": False, "column_encoding": {"label": "DELTA_BYTE_ARRAY"}}
    parquet.write_table(pa.table({"label": ["ab"] * 9}), path, data_page_version=version, **encoding)
    column = parquet.ParquetFile(path).metadata.row_group(0).column(0)
    with path.open("rb") as file:
        found = [*pages(file, 4, 4 + column.total_compressed_size)]
    assert [page.shares for page in found] == [True]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + bytes([0]) + b"xx" + HEADER, "a page's header does not end"),
        (HEADER, "a page's header does not end"),
        (HEADER + bytes([0]) + b"x", "its last page ends at byte 9, expected 8"),
        (HEADER + bytes([0x05, 4, 2, 0]) + b"xx", "has field 2 twice"),  # 4: field 2
        (HEADER + bytes([0x05, 0x84, 0x80, 8, 2, 0]) + b"xx", "has a number of more than 16 bits"),  # field 65,538
        (bytes([0x15, 0, 0x15, *MANY, 1, 0x15, 4, 0]) + b"xx", "has a number of more than 32 bits"),
        (bytes([0x15, 0, 0x15, 15, 0x15, 4, 0]) + b"xx", "no page begins at byte 0"),  # -8 bytes
        (bytes([0x15, 0, 0x25, 4, 0]) + b"xx", "no page begins at byte 0"),
        (HEADER + bytes([0x19, 0, 0]) + b"xx", "has a value of type 9"),
        (HEADER + bytes([0x1C, 0x1C, 0x1C, 0x1C, 0x11, 0, 0, 0, 0, 0]) + b"xx", "nested too deeply"),
    ],
)
def test_what_is_no_page_is_an_error(content, message):
    with pytest.raises(ValueError, match=message):
        list(pages(io.BytesIO(content), 0, len(content)))


def test_a_header_that_can_be_read_is():
    content = (HEADER + bytes([0x48, 3]) + b"abc" + bytes([0x11, 0]) + b"xx") * 3
    assert [page.size for page in pages(io.BytesIO(content), 0, len(content))] == [8, 8, 8]
