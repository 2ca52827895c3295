import os
import socket
import subprocess
import sys

import pytest

from spurgen.benchmark.errors import MissingError, ReadError, SpurgenError
from spurgen.benchmark.reading import TOML_BYTES, open_plain, parse_json, read_bytes, read_json, read_text, read_toml


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file and returns its path."""

    def written(content):
        path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (os.mkfifo, "a FIFO"),
        (os.mkdir, "a folder"),
        (lambda path: os.symlink("/dev/zero", path), "a device"),
        (lambda path: os.symlink("/dev/tty", path), "a device"),
        (lambda path: socket.socket(socket.AF_UNIX).bind(str(path)), "a socket"),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_only_a_plain_file_is_opened(tmp_path, monkeypatch, make, kind):
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    make("it")
    with pytest.raises(ReadError, match=rf"^cannot read the list it: it is {kind}; put a plain file there$"):
        read_bytes("it", 9, "the list")


def test_a_fifo_that_comes_in_the_place_of_a_file_is_not_waited_for(tmp_path):
    """Between the check and the opening."""
    code = (
        "import os, sys; from spurgen.benchmark.reading import read_bytes\n"
        "plain = os.stat(sys.executable)\n"
        "os.mkfifo(sys.argv[1]); os.stat = lambda path: plain\n"
        "assert read_bytes(sys.argv[1], 9) == b''"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "fifo")], check=True, timeout=60)


def test_an_error_while_a_file_is_open_is_not_one_of_the_file(write):
    with pytest.raises(ValueError, match=r"^a bug$"), open_plain(write("1"), 9):
        raise ValueError("a bug")
    with pytest.raises(FileNotFoundError, match="other"), open_plain(write("1"), 9):
        os.stat("other")


def test_a_file_of_more_bytes_than_expected_is_refused(write):
    assert read_bytes(write("123"), 3) == b"123"
    with pytest.raises(ReadError, match=r"cannot read .*file: it has more than 3 bytes; put a smaller file there"):
        read_bytes(write("1234"), 3)


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("none", MissingError, "cannot read none: No such file or directory; restore it, or correct its path"),
        (f"{__file__}/below", ReadError, "Not a directory; restore it"),
        ("a\0b", ReadError, "embedded null byte; restore it"),
        ("x" * 300, ReadError, "File name too long; restore it"),
    ],
)
def test_a_file_that_cannot_be_opened_is_named(path, error, message):
    with pytest.raises(error, match=message):
        read_bytes(path, 9)


def test_text_is_utf_8_of_any_line_ends_with_or_without_a_mark(write):
    assert read_text(write(b"\xef\xbb\xbfa\r\nb\n"), 99) == "a\nb\n"
    with pytest.raises(ReadError, match=r"file: byte 1, 0xe4, is not UTF-8; save it as UTF-8"):
        read_text(write("häh".encode("latin-1")), 99)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"Expecting value: line 1 column 1 \(char 0\)"),
        ('{"a": 1', "Expecting ',' delimiter"),
        ("[" * 9**5, "it is nested too deeply"),
        (f"\n\n{'1' * 5000}", r"a number has more than 4,300 digits \(at line 3\)"),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', "the key 'b' occurs twice"),
        ("NaN", "'NaN' is not a finite number"),
        ("[-Infinity]", "'-Infinity' is not a finite number"),
        ("1e999", "'1e999' is not a finite number"),
        ("\x00", "Expecting value"),
    ],
)
def test_what_is_no_json_is_refused_on_one_line(write, content, message):
    with pytest.raises(ValueError, match=message):
        parse_json(content)
    with pytest.raises(SpurgenError, match=rf"^cannot read .*file: .*{message}.*; restore it or correct it$"):
        read_json(write(content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a = ", r"Invalid value \(at end of document\)"),
        (f"a = {'[' * 5000}", "it is nested too deeply"),
        (f"b = 1\na = {'1' * 5000}", r"a number has more than 4,300 digits \(at line 2\)"),
        ("a = 1\na = 2\n", r"Cannot overwrite a value"),
        ("a" + ".a" * TOML_BYTES, "it has more than 16,384 bytes"),
    ],
)
def test_what_is_no_toml_is_refused_on_one_line(write, content, message):
    with pytest.raises(SpurgenError, match=rf"^cannot read the list .*file: {message}.*; .*$"):
        read_toml(write(content), "the list")
