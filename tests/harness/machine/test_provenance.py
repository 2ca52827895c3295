import os
import subprocess

import pytest
import torch

from spurgen.harness.machine import provenance as module
from spurgen.harness.machine.provenance import git_state, provenance


@pytest.fixture(autouse=True)
def _own_git(monkeypatch):
    """Keeps from git who runs the tests, how they like it, and which checkout they are in."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "XDG_CONFIG_HOME": os.devnull}
    own |= {f"GIT_{who}_{what}": f"{what}@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for name, value in own.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def checkout(tmp_path):
    """A repository with one commit, of a package whose folders are its own."""
    for name in ("row.json", "v1.manifest.json", "model.py", "harness/cell.py", "harness/data/sheet.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    (tmp_path / ".gitignore").write_text("*.pyc\nharness/scratch.py\n.venv\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_tree_is_dirty_when_its_sources_changed_not_when_rows_came(checkout):
    (checkout / "row.json").write_text("2")
    clean = git_state(checkout / "harness")
    assert len(clean["commit"]) == 40
    assert clean["dirty"] is False
    for name in ("v1.manifest.json", "model.py", "harness/cell.py"):
        (checkout / name).write_text("2")
        assert git_state(checkout / "harness")["dirty"] is True
        (checkout / name).write_text("1")


@pytest.mark.parametrize(
    ("name", "dirty"),
    [
        ("harness/new.py", True),
        ("harness/data/new.py", True),
        ("baselines/new.py", True),
        ("harness/new.json", False),
        ("harness/scratch.py", False),  # ignored
        ("my_model.py", False),
        ("tests/harness/new.py", False),
    ],
)
def test_a_tree_is_dirty_when_code_of_the_package_came(checkout, name, dirty):
    (checkout / name).parent.mkdir(exist_ok=True, parents=True)
    (checkout / name).write_text("1")
    assert git_state(checkout / "harness")["dirty"] is dirty


def test_there_is_no_commit_outside_a_checkout(tmp_path):
    assert git_state(tmp_path) == {}


@pytest.mark.parametrize("place", [".venv/lib/spurgen/harness", "lib/spurgen/harness"])
def test_a_package_installed_into_a_repository_is_not_at_its_commit(checkout, place):
    installed = checkout / place
    installed.mkdir(parents=True)
    (installed / "provenance.py").write_text("1")
    assert git_state(installed) == {}


def test_a_gpu_is_named_where_it_was_used(monkeypatch):
    monkeypatch.setattr(module, "git_state", lambda folder: {"commit": folder.name})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Sinclair of {device}")
    assert provenance("cuda:1")["gpu"] == "Sinclair of cuda:1"
    assert "gpu" not in provenance("cpu")
    assert provenance()["commit"] == "harness"  # beside the folders that it asks for
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "gpu" not in provenance("cuda")


@pytest.mark.parametrize(
    ("cpuinfo", "described"),
    [
        (["processor\t: 0", "model name\t: EPYC", "flags\t\t: sse avx2 avx512f"], "EPYC"),
        (
            ["model name\t: EPYC", "flags\t\t: sse avx2", "", "model name\t: other", "flags\t: avx512f"],
            "EPYC without AVX-512",
        ),
        (["Features\t: fp asimd"], "unknown"),  # of ARM, which has neither
    ],
)
def test_a_machine_says_whether_it_has_what_decides_the_precision(cpuinfo, described):
    assert module._described(cpuinfo) == described
