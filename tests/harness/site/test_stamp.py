import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.files import WriteError, claimed, partial_folder
from spurgen.harness.site import stamp
from spurgen.harness.site.stamp import DOCS, adopt_docs, check_replaceable, inputs_digest, is_current, replace

FILES = {"index.html": b"<p>one</p>", "rows/a.html": b"a"}


def test_a_site_that_was_put_in_place_is_current_for_its_inputs_only(tmp_path):
    site = tmp_path / "site"
    replace(site, FILES, "x")
    assert is_current(site, "x")
    assert not is_current(site, "y")
    assert (site / "rows" / "a.html").read_bytes() == b"a"
    assert {path.name for path in tmp_path.iterdir()} == {"site"}


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"edited")])
def test_a_site_with_a_missing_or_edited_file_is_made_again(tmp_path, damage):
    replace(tmp_path / "site", FILES, "x")
    damage(tmp_path / "site" / "rows" / "a.html")
    assert not is_current(tmp_path / "site", "x")


def test_files_of_an_earlier_site_are_gone(tmp_path):
    site = tmp_path / "site"
    replace(site, FILES, "x")
    replace(site, {"index.html": b"two"}, "y")
    assert {path.name for path in site.rglob("*")} == {"index.html", "site.json"}


def test_a_folder_that_is_no_site_is_not_replaced(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(SpurgenError, match=r"no site of spurgen, such as thesis.tex; name another, or remove"):
        replace(tmp_path, FILES, "x")
    assert (tmp_path / "thesis.tex").exists()
    (tmp_path / "site.json").write_text(json.dumps({"files": {"thesis.tex": ""}}))
    with pytest.raises(SpurgenError, match="no site of spurgen"):
        check_replaceable(tmp_path)


@pytest.mark.parametrize("name", [".git/HEAD", "CNAME", "rows/mine.html"])
def test_a_site_to_which_something_was_added_is_not_replaced(tmp_path, name):
    site = tmp_path / "site"
    replace(site, FILES, "x")
    (site / name).parent.mkdir(exist_ok=True)
    (site / name).write_text("mine")
    with pytest.raises(SpurgenError, match=f"no site of spurgen, such as {name.removesuffix('/HEAD')}; "):
        replace(site, FILES, "y")
    assert (site / name).read_text() == "mine"


@pytest.fixture
def interruptible():
    """Ctrl-C interrupts; in a shell's background it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("at", range(3))
def test_a_stop_between_the_moves_leaves_a_whole_site(tmp_path, monkeypatch, at):
    """Ctrl-C while the site takes its place: it comes into force after the moves."""
    site, moves, rename = tmp_path / "site", [], Path.rename
    (site / DOCS).mkdir(parents=True)
    replace(site, FILES, "x")

    def stopped(path, target):
        moves.append(path)
        if len(moves) == at + 1:
            os.kill(os.getpid(), signal.SIGINT)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        replace(site, {"index.html": b"two"}, "y")
    assert len(moves) == 3
    assert is_current(site, "y")
    assert (site / DOCS).is_dir()


KILLED = """
import os, signal, sys
from pathlib import Path
from spurgen.harness.site.stamp import replace
moves, rename = [], Path.rename
def killed(path, target):
    moves.append(path)
    if len(moves) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)
Path.rename = killed
replace(Path(sys.argv[1]), {"index.html": b"two"}, "y")
"""


@pytest.mark.parametrize("move", [2, 3])
def test_the_documentation_survives_a_kill_between_the_moves(tmp_path, move):
    site = tmp_path / "site"
    (site / DOCS).mkdir(parents=True)
    (site / DOCS / "index.html").write_text("documentation")
    replace(site, FILES, "x")
    assert subprocess.run([sys.executable, "-c", KILLED, site, str(move)], check=False).returncode == -signal.SIGKILL
    assert not site.exists()
    replace(site, FILES, "z")
    assert (site / DOCS / "index.html").read_text() == "documentation"
    assert is_current(site, "z")
    assert {path.name for path in tmp_path.iterdir()} == {"site"}


def test_newer_documentation_is_kept_and_that_of_a_running_process_left_alone(tmp_path):
    site = tmp_path / "site"
    (site / DOCS).mkdir(parents=True)
    (site / DOCS / "index.html").write_text("newer")
    with partial_folder(tmp_path, "site") as running:
        (running / "old" / DOCS).mkdir(parents=True)
        adopt_docs(site)
        shutil.copytree(running, tmp_path / ".site-12345678.temporary")
        replace(site, FILES, "x")
        assert (running / "old" / DOCS).is_dir()
        assert (site / DOCS / "index.html").read_text() == "newer"
        shutil.rmtree(site)
        adopt_docs(site)
        assert not site.exists()


def test_two_processes_replace_a_site_one_after_the_other(tmp_path):
    site = tmp_path / "site"
    with claimed(tmp_path):
        waiting = Thread(target=replace, args=(site, FILES, "x"))
        waiting.start()
        waiting.join(0.2)
        assert not site.exists()
    waiting.join()
    assert is_current(site, "x")


def test_a_folder_that_appears_between_the_moves_stays(tmp_path, monkeypatch):
    site, rename = tmp_path / "site", Path.rename
    replace(site, FILES, "x")

    def raced(path, target):
        if path.name == "new":
            (site / DOCS).mkdir(parents=True)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", raced)
    with pytest.raises(WriteError, match=r"cannot write .*site: Directory not empty"):
        replace(site, FILES, "y")
    assert (site / DOCS).is_dir()


def test_an_empty_folder_is_used_and_a_file_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    replace(tmp_path / "empty", FILES, "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(SpurgenError, match="it is not a folder"):
        check_replaceable(tmp_path / "file")


def test_an_interrupted_build_leaves_the_earlier_site(tmp_path, monkeypatch):
    site = tmp_path / "site"
    replace(site, FILES, "x")

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(stamp, "_write", fail)
    with pytest.raises(KeyboardInterrupt):
        replace(site, {"index.html": b"two"}, "y")
    assert is_current(site, "x")
    assert {path.name for path in tmp_path.iterdir()} == {"site"}


def test_inputs_differ_by_content_and_by_what_else_is_asked(tmp_path):
    file = tmp_path / "row.jsonl"
    file.write_text("one")
    digests = [inputs_digest([file], ["v1"]), inputs_digest([file], ["v2"]), inputs_digest([], ["v1"])]
    file.write_text("two")
    digests.append(inputs_digest([file], ["v1"]))
    assert len(set(digests)) == 4
    file.write_text("one")
    assert inputs_digest([file], ["v1"]) == digests[0]


def test_the_documentation_is_kept_when_the_site_is_replaced(tmp_path):
    (tmp_path / "site" / DOCS).mkdir(parents=True)
    (tmp_path / "site" / DOCS / "index.html").write_text("documentation")
    for inputs in ("a", "b"):  # first beside the documentation alone, then in the place of a site
        replace(tmp_path / "site", {"index.html": inputs.encode()}, inputs)
        assert (tmp_path / "site" / DOCS / "index.html").read_text() == "documentation"
        assert (tmp_path / "site" / "index.html").read_text() == inputs
        assert is_current(tmp_path / "site", inputs)
