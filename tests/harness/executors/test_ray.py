"""A real Ray cluster on this machine, one of whose nodes is killed in the middle of a job."""

import os

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.resources import Resources
from spurgen.harness.running.executing import execute


@pytest.fixture(scope="module")
def head():
    """A cluster of one node, which has a CPU and says that it has a GPU."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "num_gpus": 1, "include_dashboard": False})
    yield cluster
    cluster.shutdown()


@pytest.fixture
def cluster(head, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", head.address)
    return head


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_killed_node_changes_no_result(cluster, board_of, gate, kill_when_both_run):
    second = cluster.add_node(num_cpus=1)
    killer = kill_when_both_run(lambda _: cluster.remove_node(second, allow_graceful=False))
    lost = board_of("ray", "--cluster", "ray")
    killer.join()
    assert len(list(gate.glob("started-*"))) >= 3
    assert lost == board_of("alone", "--cluster", "serial")


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_jobs_share_a_gpu_and_errors_are_raised():
    shared = Resources(executor="ray", gpus=0.5)
    gpu = execute(lambda _: os.environ["CUDA_VISIBLE_DEVICES"], [0, 1], shared)
    assert dict(gpu) == {0: "0", 1: "0"}
    with pytest.raises(ZeroDivisionError):
        list(execute(lambda job: 1 / job, [0], shared))
    with pytest.raises(SpurgenError, match=r"--gpus-per-job 3: the Ray cluster has 1 in all; ask for less"):
        list(execute(lambda job: job, [0], Resources(executor="ray", gpus=3)))
    with pytest.raises(SpurgenError, match="a job was lost 2 times"):
        list(execute(lambda _: os._exit(1), [0], Resources(executor="ray", retries=1)))
