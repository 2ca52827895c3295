import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine import provenance as module
from spurgen.harness.machine.provenance import GitState, bibtex, environment, git_state, pick_device, visible_gpus


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
    monkeypatch.setattr(module, "_ours", module._ours.__wrapped__)  # else what was asked before
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


@pytest.fixture
def gpus(monkeypatch):
    def pretend(count):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)

    return pretend


@pytest.mark.parametrize(
    ("count", "asked", "given"),
    [(0, "auto", "cpu"), (0, "cpu", "cpu"), (1, "auto", "cuda"), (1, "cpu", "cpu"), (2, "cuda:1", "cuda:1")],
)
def test_a_device_that_is_there_is_taken(gpus, count, asked, given):
    gpus(count)
    assert pick_device(asked) == given


def test_without_torch_auto_is_the_cpu(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert pick_device("auto") == "cpu"


@pytest.mark.parametrize(
    ("count", "asked", "message"),
    [
        (0, "cuda", "there is no device cuda; the GPUs here: none; use cpu"),
        (2, "cuda:2", "there is no device cuda:2; the GPUs here: cuda:0 to cuda:1"),
        (1, "tpu", "unknown device 'tpu'; choose cpu, cuda"),
        (1, "cuda:-1", "unknown device 'cuda:-1'"),
        (1, "cuda:²", "unknown device 'cuda:²'"),
        (1, "cuda:", "unknown device 'cuda:'"),
        (1, "cuda:1\n", r"unknown device 'cuda:1\\n'"),
    ],
)
def test_a_device_that_is_not_there_is_refused_before_any_work(gpus, count, asked, message):
    gpus(count)
    with pytest.raises(SpurgenError, match=message):
        pick_device(asked)


@pytest.mark.parametrize(
    ("device", "named", "given"),
    [("cpu", None, ""), ("cuda:1", None, ""), ("cuda", None, "01"), ("cuda", "3,5", "35"), ("cuda", "", "01")],
)
def test_jobs_on_cuda_are_spread_over_all_gpus_that_are_visible(gpus, monkeypatch, device, named, given):
    gpus(2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if named is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert visible_gpus(device) == tuple(given)


ROOT = Path(__file__).parents[3]


def test_the_entry_agrees_with_citation_cff():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    fields = {name: value.strip('"') for name, value in re.findall(r"^([a-z-]+): (.+)$", text, re.MULTILINE)}
    (author,) = re.findall(r"^  - name: (.+)$", text, re.MULTILINE)
    assert "{{SpurGen}: " in bibtex()  # BibTeX styles would print it in lower case
    plain = bibtex().replace("{SpurGen}", "SpurGen")
    entry = dict(re.findall(r"^  (\w+) += \{+(.+?)\}+,?$", plain, re.MULTILINE))
    assert entry == {"title": fields["title"], "author": author, "year": "2026", "note": f"Version {fields['version']}"}
    assert fields["type"] == "software"
    assert bibtex().startswith("@software{spurgen,\n")


def test_the_readme_has_the_entry():
    assert f"```bibtex\n{bibtex()}```" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_data_are_named():
    assert "0; suite v1, manifest SHA-256 ab}" in bibtex("suite v1, manifest SHA-256 ab")
