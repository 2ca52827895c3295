import os
import subprocess

import pytest
import torch

from spurgen.harness.machine import provenance as module
from spurgen.harness.machine.provenance import GitState, environment, git_state


@pytest.fixture(autouse=True)
def _own_git(monkeypatch):
    """Hide from git the user, the user's settings and the checkout of the tests."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "XDG_CONFIG_HOME": os.devnull}
    own |= {f"GIT_{who}_{what}": f"{what}@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for name, value in own.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def checkout(needs, tmp_path):
    """A repository with one commit of a package."""
    needs("git")
    for name in ("row.json", "v1.manifest.json", "model.py", "harness/cell.py", "harness/data/sheet.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    (tmp_path / ".gitignore").write_text("*.pyc\nharness/scratch.py\n.venv\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_changed_sources_make_a_tree_dirty_but_results_do_not(checkout):
    (checkout / "row.json").write_text("2")
    clean = git_state(checkout / "harness")
    assert len(clean.commit) == 40
    assert clean.dirty is False
    for name in ("v1.manifest.json", "model.py", "harness/cell.py"):
        (checkout / name).write_text("2")
        assert git_state(checkout / "harness").dirty is True
        (checkout / name).write_text("1")


@pytest.mark.parametrize(
    ("name", "dirty"),
    [
        ("harness/data/new.py", True), ("baselines/new.py", True), ("harness/new.json", False),
        ("harness/scratch.py", False),  # ignored
        ("my_model.py", False), ("tests/harness/new.py", False),
    ],
)  # fmt: skip
def test_new_code_of_the_package_makes_a_tree_dirty(checkout, name, dirty):
    (checkout / name).parent.mkdir(exist_ok=True, parents=True)
    (checkout / name).write_text("1")
    assert git_state(checkout / "harness").dirty is dirty


def test_there_is_no_commit_outside_a_checkout(tmp_path):
    assert git_state(tmp_path) == GitState()


@pytest.mark.parametrize("place", [".venv/lib/spurgen/harness", "lib/spurgen/harness"])
def test_a_package_installed_into_a_repository_is_not_at_its_commit(checkout, place):
    installed = checkout / place
    installed.mkdir(parents=True)
    (installed / "provenance.py").write_text("1")
    assert git_state(installed) == GitState()


def test_the_environment_names_the_commit_the_limits_and_the_gpu_that_was_used(monkeypatch):
    monkeypatch.setattr(module, "git_state", lambda folder: GitState(folder.name, False))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Sinclair of {device}")
    made = environment("cuda:1", {"cpu_seconds": 9})
    assert (made.device, made.gpu, made.limits) == ("cuda:1", "Sinclair of cuda:1", {"cpu_seconds": 9})
    assert made.commit == "harness"  # beside the folders that it looks at
    assert environment("cpu").gpu is None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert environment("cuda").gpu is None


def test_the_environment_leaves_out_packages_that_are_not_installed(monkeypatch):
    monkeypatch.setattr(module, "PACKAGES", ("numpy", "no-such-package"))
    assert [*environment("cpu").packages] == ["numpy"]


@pytest.mark.parametrize(
    ("cpuinfo", "described"),
    [
        (["processor\t: 0", "model name\t: EPYC", "flags\t\t: sse avx2 avx512f"], "EPYC"),
        (["model name\t: EPYC", "flags\t: sse", "model name\t: other", "flags\t: avx512f"], "EPYC without AVX-512"),
        (["Features\t: fp asimd"], "unknown"),  # of ARM, which has neither
    ],
)
def test_the_processor_is_described_with_what_decides_the_precision(cpuinfo, described):
    assert module._described(cpuinfo) == described
