import gzip
import re
import tracemalloc

import pytest

from spurgen.benchmark import reading
from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation import csv_files
from spurgen.harness.evaluation.tables import read_file

MIB = 1 << 20


@pytest.fixture
def bomb(tmp_path):
    """Return a function that compresses a file's parts, and returns the bytes that refusing it takes."""

    def explode(content, message, **limits):
        path = tmp_path / "some.csv.gz"
        path.write_bytes(b"".join(gzip.compress(part) for part in content))
        assert path.stat().st_size < MIB
        tracemalloc.start()
        try:
            with pytest.raises(SpurgenError, match=message):
                read_file(path, **limits)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return explode


def test_a_compressed_file_is_unpacked_no_further_than_its_size_allows(bomb, monkeypatch):
    monkeypatch.setattr(reading, "UNPACKED_BYTES", MIB >> 3)
    message = r"cannot read .*some.csv.gz: it unpacks to more than [\d,]+ bytes; unpack it if you trust it"
    assert bomb([b"label,pred\n", b"\n" * (1 << 22)], message) < 3 * MIB


def test_a_line_without_an_end_is_refused(bomb):
    message = "some.csv.gz: a line has more than 4,194,304 characters"
    assert bomb([b"label,pred\n", b"1," * (1 << 23)], message) < 64 * MIB
    message = r"some.csv.gz: (a line has more than 4,194,304 characters|field larger than field limit \(131072\))"
    assert bomb([b"label,pred\n1,", b"1" * (1 << 24)], message) < 64 * MIB


def test_a_record_of_many_lines_is_refused(bomb):
    assert bomb([b"a\n", b'"\n",' * (1 << 20) * 2], "a line has more than 4,194,304 characters") < 128 * MIB


def test_a_file_of_few_bytes_has_few_entries(bomb, monkeypatch):
    monkeypatch.setattr(csv_files, "ENTRIES", 30_000)
    message = r"some.csv.gz: it has more than 30,000 entries, in [\d,]+ bytes; write it as CSV without compression if"
    assert bomb([b"a,b,c\n", b"0,0,0\n" * 10**6], message) < 16 * MIB


def test_rows_beyond_the_number_that_is_known_are_not_read(bomb):
    message = "some.csv.gz has more than 100 rows; correct the file"
    assert bomb([b"a,b,c\n", b"0,0,0\n" * 10**6], message, rows=100) < MIB


def test_a_plain_file_may_have_an_entry_per_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_files, "ENTRIES", 10)
    (tmp_path / "some.csv").write_text("a,b\n" + ",\n" * 1000)
    assert read_file(tmp_path / "some.csv").shape == (1000, 2)


def test_files_of_one_table_have_the_rows_together(tmp_path):
    for k in range(2):
        (tmp_path / f"{k}.csv").write_text("a\n0\n0\n")
    assert len(read_file(tmp_path / "*.csv", rows=4)) == 4
    with pytest.raises(SpurgenError, match=r"1\.csv has more than 1 rows; correct the file"):
        read_file(tmp_path / "*.csv", rows=3)


def test_a_compressed_file_that_is_damaged_is_an_error_that_names_it(tmp_path):
    content = bytearray(gzip.compress(b"a,b\n" + bytes(range(32, 127)) * 9))
    content[15] ^= 255
    (tmp_path / "some.csv.gz").write_bytes(content)
    with pytest.raises(SpurgenError, match=re.escape(f"cannot read {tmp_path}/some.csv.gz: ")):
        read_file(tmp_path / "some.csv.gz")


def test_a_device_is_not_read():
    with pytest.raises(SpurgenError, match="cannot read /dev/zero: it is a device; put a plain file there"):
        read_file(csv_files.Path("/dev/zero"))
