import json
import os
import sys
import sysconfig

import pytest

from spurgen.benchmark import shell


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A folder with the programs of an environment that is not activated, below the current folder."""
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    for name in ("spurgen", "pip"):
        (folder / name).touch(mode=0o755)
    monkeypatch.setattr(sysconfig, "get_path", lambda name: {"scripts": str(folder)}[name])
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_command_starts_with_a_path_unless_the_shell_finds_this_environments(scripts, tmp_path, monkeypatch):
    assert shell.spurgen("compare a b") == ".venv/bin/spurgen compare a b"
    for name in ("other", "else where"):
        (tmp_path / name).mkdir()
    (tmp_path / "other" / "spurgen").touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'other'}")
    assert shell.spurgen("check") == ".venv/bin/spurgen check"
    monkeypatch.setenv("PATH", str(scripts))
    assert shell.spurgen("compare a b") == "spurgen compare a b"
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.chdir(tmp_path / "else where")
    assert shell.spurgen("compare a b") == f"{scripts}/spurgen compare a b"


@pytest.mark.usefixtures("scripts")
def test_the_program_that_runs_is_named_wherever_it_was_installed(tmp_path, monkeypatch):
    (tmp_path / "spurgen").touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "spurgen"), "score"])
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert shell.spurgen("check") == f"{tmp_path}/spurgen check"


@pytest.mark.usefixtures("scripts")
def test_an_extra_of_a_clone_that_runs_from_there_is_installed_from_it(tmp_path, monkeypatch):
    monkeypatch.setattr(shell, "HOME", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    assert shell.pip_install("data") == ".venv/bin/pip install -e '.[data]'"
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert shell.pip_install("data").endswith(f"pip install -e '{tmp_path}[data]'")


class Installed:
    """A distribution with a record of where it came from."""

    def __init__(self, record):
        self.record = record

    def read_text(self, name):
        assert name == "direct_url.json"
        return self.record


@pytest.mark.usefixtures("scripts")
def test_an_extra_of_an_installed_copy_is_installed_from_where_the_copy_came_from(tmp_path, monkeypatch):
    monkeypatch.setattr(shell, "HOME", tmp_path / "site-packages")
    clone = tmp_path / "a clone"
    record = json.dumps({"dir_info": {}, "url": clone.as_uri()})
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: Installed(record))
    assert shell.pip_install("data") == ".venv/bin/pip install 'spurgen[data]'"  # the clone was deleted
    clone.mkdir()
    assert shell.pip_install("data") == f".venv/bin/pip install '{clone}[data]'"
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: Installed(None))  # from a package index
    assert shell.pip_install("data") == ".venv/bin/pip install 'spurgen[data]'"


def test_an_environment_without_pip_uses_its_interpreter(scripts):
    (scripts / "pip").unlink()
    assert shell.pip_install("data").startswith(f"{sys.executable} -m pip install ")
