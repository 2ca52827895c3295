"""Folders at URLs, on two file systems of fsspec: memory:// and file://."""

import io
import random
import re
import shutil
import zipfile
from pathlib import Path

import fsspec
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.shared import fetched, sent_to


@pytest.fixture(params=["memory", "file"])
def place(request, tmp_path):
    """The URL of a folder that does not exist yet."""
    return f"{request.param}://{tmp_path}/runs"


def test_what_was_sent_is_there_the_next_time_and_is_fetched(place):
    url = f"{place}/share-0.zip"
    with sent_to(url) as (folder, send):
        (folder / "v2").mkdir()
        (folder / "v2" / "erm.jsonl").write_text("row")
        (folder / "v2" / ".half.tmp").write_text("what a killed write leaves")
        send()
        (folder / "v2" / "erm.jsonl").write_text("not sent")
    assert not folder.exists()
    with sent_to(url) as (folder, _):
        assert [p.name for p in (folder / "v2").iterdir()] == ["erm.jsonl"]
        assert (folder / "v2" / "erm.jsonl").read_text() == "row"
    with sent_to(f"{place}/share-1.zip") as (folder, send):
        (folder / "other").write_text("")
        send()
    with fetched(f"{place}/share-*.zip") as copies:
        assert [name.rpartition("/")[2] for name in copies] == ["share-0.zip", "share-1.zip"]
        assert [[p.name for p in copy.iterdir()] for copy in copies.values()] == [["v2"], ["other"]]
    assert not any(copy.exists() for copy in copies.values())


def test_folders_are_lent_themselves(tmp_path):
    for name in ("b", "a"):
        (tmp_path / "shares" / name).mkdir(parents=True)
    with sent_to(str(tmp_path)) as (folder, send):
        send()
    with fetched(str(tmp_path / "shares" / "*")) as copies:
        assert (folder, copies) == (tmp_path, {str(path): path for path in sorted((tmp_path / "shares").iterdir())})
    with pytest.raises(SpurgenError, match=r"nothing matches .*none/\*"), fetched(str(tmp_path / "none" / "*")):
        pass


def test_what_cannot_be_read_is_an_error_that_names_the_url(place):
    with pytest.raises(SpurgenError, match=rf"nothing matches {place}/\*.zip"), fetched(f"{place}/*.zip"):
        pass
    with pytest.raises(SpurgenError, match=f"cannot read {place}/none.zip"), fetched(f"{place}/none.zip"):
        pass
    unknown = "cannot read nowhere://a.zip: Protocol not known: nowhere"
    with pytest.raises(SpurgenError, match=re.escape(unknown)), sent_to("nowhere://a.zip"):
        pass


def test_what_cannot_be_sent_stays_in_a_folder_that_the_error_names(tmp_path):
    refused = pytest.raises(SpurgenError, match=r"cannot write file:.*share.zip; the results are in")
    with refused as caught, sent_to(f"file://{tmp_path}/runs/share.zip") as (folder, send):
        shutil.rmtree(tmp_path / "runs")
        (tmp_path / "runs").write_text("a file, not a folder")
        (folder / "row").write_text("kept")
        send()
    kept = Path(re.search(r"results are in ([^:]+)", str(caught.value))[1])
    assert (kept / "row").read_text() == "kept"


def test_a_place_where_nothing_can_be_written_is_refused_before_the_work(tmp_path):
    (tmp_path / "plain").write_text("a file, not a folder")
    refused = pytest.raises(SpurgenError, match=r"cannot write file:.*share.zip: ")
    with refused, sent_to(f"file://{tmp_path}/plain/share.zip"):
        pytest.fail("the work began")


def zipped(content, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("v2/erm.jsonl", content)
    return file.getvalue()


@pytest.mark.parametrize("reading", [fetched, sent_to])
@pytest.mark.parametrize(
    ("content", "limit", "message"),
    [
        (b"no zip file", 2**30, "File is not a zip file"),
        (zipped(bytes(10**6)), 10**5, "it unpacks to 1,000,000 bytes, expected at most 100,000"),
        (zipped(bytes(10**8)), 2**30, "it unpacks to 100,000,000 bytes, expected at most 67,108,864"),
        (random.Random(0).randbytes(10**5), 10**4, r"it has [\d,]+ bytes, expected at most 10,000"),
        (zipped(bytes(10**6), zipfile.ZIP_BZIP2), 2**30, "is compressed by method 12, expected deflate"),
    ],
)
def test_an_archive_that_is_damaged_too_large_or_packed_without_a_limit_is_refused(
    place, monkeypatch, reading, content, limit, message
):
    monkeypatch.setattr("spurgen.harness.machine.shared.UNPACKED_BYTES", limit)
    files, path = fsspec.core.url_to_fs(f"{place}/share.zip")
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    files.pipe_file(path, content)
    refused = pytest.raises(SpurgenError, match=rf"cannot read .*share\.zip: .*{message}")
    with refused, reading(f"{place}/share.zip"):
        pass


def test_any_other_error_leaves_no_folder(place):
    with pytest.raises(ZeroDivisionError), sent_to(f"{place}/x.zip") as (folder, _):
        raise ZeroDivisionError
    assert not folder.exists()
