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


def test_a_folder_is_lent_itself(tmp_path):
    with sent_to(str(tmp_path)) as (folder, send):
        send()
    with fetched(str(tmp_path)) as copies:
        assert (folder, copies) == (tmp_path, {str(tmp_path): tmp_path})


def test_a_star_names_several_folders(tmp_path):
    for name in ("b", "a"):
        (tmp_path / "shares" / name).mkdir(parents=True)
    with fetched(str(tmp_path / "shares" / "*")) as folders:
        assert [Path(name).name for name in folders] == ["a", "b"]
        assert all(folder.is_dir() for folder in folders.values())
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
    files, path = fsspec.core.url_to_fs(f"{place}/damaged.zip")
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    files.pipe_file(path, b"no zip file")
    for reading in (fetched, sent_to):
        damaged = pytest.raises(SpurgenError, match=r"cannot read .*damaged.zip: File is not a zip file")
        with damaged, reading(f"{place}/damaged.zip"):
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


def test_an_archive_that_unpacks_to_too_much_is_refused(place, monkeypatch):
    with sent_to(f"{place}/bomb.zip") as (folder, send):
        (folder / "zeros").write_bytes(bytes(10**6))
        send()
    monkeypatch.setattr("spurgen.harness.machine.shared.UNPACKED_BYTES", 10**5)
    refused = pytest.raises(SpurgenError, match=r"bomb.zip: it unpacks to 1,000,000 bytes, expected at most 100,000")
    with refused, fetched(f"{place}/bomb.zip"):
        pass


def test_a_small_archive_that_unpacks_to_much_is_refused(place):
    with sent_to(f"{place}/bomb.zip") as (folder, send):
        (folder / "zeros").write_bytes(bytes(10**8))
        send()
    refused = pytest.raises(
        SpurgenError, match=r"bomb.zip: it unpacks to 100,000,000 bytes, expected at most 67,108,864"
    )
    with refused, fetched(f"{place}/bomb.zip"):
        pass


@pytest.mark.parametrize("reading", [fetched, sent_to])
def test_an_archive_that_is_too_large_is_not_fetched(place, monkeypatch, reading):
    with sent_to(f"{place}/large.zip") as (folder, send):
        (folder / "noise").write_bytes(random.Random(0).randbytes(10**5))
        send()
    monkeypatch.setattr("spurgen.harness.machine.shared.UNPACKED_BYTES", 10**4)
    refused = pytest.raises(SpurgenError, match=r"large.zip: it has [\d,]+ bytes, expected at most 10,000")
    with refused, reading(f"{place}/large.zip"):
        pass


def test_an_archive_compressed_in_a_way_that_has_no_limit_is_refused(place):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("v2/erm.jsonl", bytes(10**6))
    files, path = fsspec.core.url_to_fs(f"{place}/other.zip")
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    files.pipe_file(path, content.getvalue())
    refused = pytest.raises(SpurgenError, match=r"other.zip: a file in it is compressed by method 12, expected deflate")
    with refused, fetched(f"{place}/other.zip"):
        pass


def test_any_other_error_leaves_no_folder(place):
    with pytest.raises(ZeroDivisionError), sent_to(f"{place}/x.zip") as (folder, _):
        raise ZeroDivisionError
    assert not folder.exists()
