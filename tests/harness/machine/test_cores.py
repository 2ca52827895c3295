import math
import os

import pytest

from spurgen.harness.machine import cores
from spurgen.harness.machine.cores import quota, usable_cores


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of 8 cores whose cgroups are folders; returns a function that sets their quotas."""
    own = tmp_path / "own"
    own.write_text("1:cpu:/old\n0::/batch/job\n")
    monkeypatch.setattr(cores, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(cores, "OWN", own)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    (tmp_path / "cpu.max").write_text("1 1")  # not a cgroup

    def grant(**quotas):
        for group, told in quotas.items():
            folder = tmp_path / "groups" / {"root": "", "batch": "batch", "job": "batch/job"}[group]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cpu.max").write_text(told)

    return grant


@pytest.mark.parametrize(
    ("quotas", "expected"),
    [
        ({}, 8),
        ({"job": "max 100000\n"}, 8),
        ({"job": "300000 100000\n"}, 3),
        ({"job": "350000 100000\n"}, 3),
        ({"job": "50000 100000\n"}, 1),
        ({"job": "max 100000\n", "batch": "400000 100000\n"}, 4),
        ({"job": "500000 100000\n", "root": "100000 50000\n"}, 2),
        ({"job": "9900000 100000\n"}, 8),
        ({"job": "nonsense\n"}, 8),
    ],
)
def test_cores_are_those_of_the_affinity_and_of_the_tightest_quota(machine, quotas, expected):
    machine(**quotas)
    assert usable_cores() == expected


def test_affinity_counts_where_it_is_smaller(machine, monkeypatch):
    machine(job="300000 100000")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 5})
    assert usable_cores() == 2


def test_without_affinity_the_machine_counts(machine, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores() == 1
    machine(root="100000 100000")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert usable_cores() == 1


def test_without_cgroups_there_is_no_quota(tmp_path):
    assert quota(tmp_path / "none", tmp_path / "none") == math.inf
