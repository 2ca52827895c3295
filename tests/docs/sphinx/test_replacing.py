"""What is in the folder that the built documentation replaces."""

import pytest

import build


@pytest.fixture(autouse=True)
def _no_sphinx(monkeypatch):
    """Stand in for the build, which takes a minute: a page and the inventory."""

    def build_main(arguments):
        out = build.Path(arguments[-1])
        out.mkdir(parents=True)
        (out / "index.html").write_text("new")
        (out / "objects.inv").write_bytes(b"# Sphinx inventory version 2\n" + build.PROJECT + b"\n# Version: \n")
        return 0

    monkeypatch.setattr(build, "build_main", build_main)
    monkeypatch.setattr(build, "stage", lambda *_: None)


def test_a_folder_of_other_files_is_refused_and_kept(tmp_path, capsys):
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "index.html").write_text("mine")
    (thesis / "objects.inv").write_bytes(b"# Sphinx inventory version 2\n# Project: Another\n")
    for out in (thesis, thesis / "index.html"):
        with pytest.raises(SystemExit):
            build.main([str(out)])
        assert "are no documentation of SpurGen; name another folder" in capsys.readouterr().err
    link = tmp_path / "link"
    link.symlink_to(thesis)
    with pytest.raises(SystemExit):
        build.main([str(link)])
    assert (thesis / "index.html").read_text() == "mine"


def test_a_missing_an_empty_and_an_earlier_folder_are_replaced(tmp_path):
    out = tmp_path / "site" / "docs"
    assert build.main([str(out)]) == 0
    (out / "removed.html").write_text("old")
    assert build.main([str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["index.html", "objects.inv"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert build.main([str(empty)]) == 0
    assert [path.name for path in out.parent.iterdir()] == ["docs"]  # nothing is left beside it


def test_a_failed_build_leaves_the_folder_as_it_was(tmp_path, monkeypatch):
    out = tmp_path / "docs"
    assert build.main([str(out)]) == 0
    (out / "index.html").write_text("old")
    monkeypatch.setattr(build, "build_main", lambda _: 2)
    assert build.main([str(out)]) == 2
    assert (out / "index.html").read_text() == "old"
