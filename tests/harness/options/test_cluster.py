"""The flags that choose where jobs run."""

import re

import pytest
import torch

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.cli import main, make_parser
from spurgen.harness.machine.pool import ANYWHERE
from spurgen.harness.options.cluster import FLAGS, check_cluster, device_of, resources_of
from spurgen.harness.options.limits import limits_of


def arguments(*flags):
    return make_parser(["benchmark"]).parse_args(["benchmark", *flags])


@pytest.mark.parametrize(
    ("cluster", "flags", "message"),
    [
        ("local", "--memory-per-job 2", "--memory-per-job has no effect with --cluster local, only with ray or slurm;"),
        ("local", "--minutes-per-job 2", "only with slurm; leave it out"),
        ("serial", "--gpus-per-job 2", "only with local or ray or slurm; leave it out"),
        ("serial", "--retries 2", "only with ray or slurm; leave it out"),
        ("ray", "--minutes-per-job 2", "only with slurm; leave it out"),
        ("local://there:1", "", "local has no address; leave ://there:1 out"),
        ("serial://there:1", "", "serial has no address; leave ://there:1 out"),
        ("local", "--gpus-per-job 1.5", "must be a fraction of a GPU or a whole number of them, not 1.5"),
    ],
)
def test_a_flag_without_effect_is_an_error_before_any_work(stderr, monkeypatch, cluster, flags, message):
    monkeypatch.setattr("spurgen.harness.options.submissions.load_suite", None)
    assert main(["benchmark", "--cluster", cluster, *flags.split()]) == 2
    assert message in stderr()


def test_flags_that_an_executor_heeds_reach_it():
    flags = ["--gpus-per-job", ".5", "--memory-per-job", "4", "--minutes-per-job", "9", "--retries", "1"]
    given = arguments("--cluster", "slurm://big", *flags)
    check_cluster(given)
    made = resources_of(given, "cuda")
    assert (made.executor, made.address) == ("slurm", "big")
    assert (made.gpus, made.memory_gib, made.minutes, made.retries) == (0.5, 4.0, 9, 1)
    assert limits_of(given).gpu_share == 0.5
    assert limits_of(arguments("--gpus-per-job", "2")).gpu_share == limits_of(arguments()).gpu_share == 1


@pytest.mark.parametrize(
    ("flags", "device", "room"),
    [("", "cuda", 3), ("--gpus-per-job .5", "cuda", 6), ("--jobs 2", "cuda", 2), ("", "cuda:1", 1), ("", "cpu", None)],
)
def test_all_gpus_of_this_machine_are_used_unless_one_is_named(flags, device, room, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    made = resources_of(arguments(*flags.split()), device)
    assert made.room() == room
    assert made.visible == (("0", "1", "2") if device == "cuda" else ())


@pytest.mark.parametrize(
    ("count", "device", "message"),
    [
        (".5", "cpu", "--gpus-per-job 0.5: the jobs run on a CPU; leave it out, or choose --device cuda"),
        ("4", "cuda", "--gpus-per-job 4: --device cuda names 3 on this machine; ask for less"),
        ("2", "cuda:1", "--gpus-per-job 2: --device cuda:1 names 1 on this machine; ask for less"),
    ],
)
def test_gpus_that_a_job_cannot_have_on_this_machine_are_an_error(count, device, message, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    with pytest.raises(SpurgenError, match=re.escape(message)):
        resources_of(arguments("--gpus-per-job", count), device)
    assert resources_of(arguments("--gpus-per-job", "0"), device).gpus == 0
    assert resources_of(arguments("--gpus-per-job", count, "--cluster", "slurm"), device).gpus == float(count)


@pytest.mark.parametrize(
    ("flags", "device"),
    [
        ("--cluster slurm --device cuda", "cuda"),
        ("--cluster slurm --gpus-per-job 1", "cuda"),
        ("--cluster ray --gpus-per-job .5 --device auto", "cuda"),
        ("--cluster slurm", "cpu"),
        ("--cluster ray --device cpu --gpus-per-job 1", "cpu"),
        ("--gpus-per-job 1", "cpu"),
    ],
)
def test_jobs_of_a_cluster_may_use_gpus_that_this_machine_lacks(flags, device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of(arguments(*flags.split())) == device


def test_a_device_that_no_machine_has_is_an_error():
    with pytest.raises(SpurgenError, match="unknown device 'tpu'"):
        device_of(arguments("--cluster", "slurm", "--device", "tpu"))


def test_without_flags_a_job_has_a_gpu_where_it_runs_on_one_and_the_defaults():
    for cluster in ("local", "slurm"):
        given = arguments("--cluster", cluster)
        check_cluster(given)
        made = resources_of(given, "cuda")
        assert made.gpus == 1.0
        others = [name for name in FLAGS if name != "gpus"]
        assert [getattr(made, name) for name in others] == [getattr(ANYWHERE, name) for name in others]
    assert resources_of(arguments(), "cpu").gpus == 0.0
