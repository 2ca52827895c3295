"""A real Ray cluster on this machine, one of whose nodes is killed in the middle of a job."""

import os
from unittest.mock import Mock

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.executors.ray import _check_room, _fetched
from spurgen.harness.machine.pool import Resources
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
    with pytest.raises(SpurgenError, match="a job was lost 2 times"):
        list(execute(lambda _: os._exit(1), [0], Resources(executor="ray", retries=1)))


@pytest.mark.parametrize(
    ("nodes", "resources"),
    [
        ([], Resources()),
        ([{"CPU": 8.0}], Resources(gpus=1)),  # as where GPU nodes are scaled to zero
        ([{"CPU": 8.0}, {"GPU": 4.0}], Resources(gpus=1)),
        ([{"CPU": 1.0, "GPU": 1.0}, {"CPU": 1.0, "GPU": 1.0}], Resources(gpus=2)),
        ([{"CPU": 1.0, "memory": 3.0 * 2**30}] * 2, Resources(memory_gib=4)),
    ],
)
def test_a_job_for_which_no_single_node_has_room_is_warned_of(nodes, resources):
    with pytest.warns(
        UserWarning, match=r"no node of the Ray cluster has room for a job.*If yours adds none, press Ctrl"
    ):
        _check_room(nodes, resources)


def test_one_node_with_room_is_enough():
    _check_room([{}, {"CPU": 1.0, "GPU": 1.0, "memory": 2.0**32}], Resources(gpus=0.5, memory_gib=4))
    _check_room([{"CPU": 1.0}], Resources())


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (("OutOfMemoryError", "full"), "lost 3 times, probably because memory ran out.*Ray says: full"),
        (("WorkerCrashedError",), "lost 3 times, probably because memory ran out"),
        (("NodeDiedError", "gone"), "a job was lost 3 times with its machine; Ray says: gone"),
        (("RuntimeEnvSetupError", "no pip"), "Ray cannot run a job: no pip"),
    ],
)
def test_memory_is_named_where_it_may_be_the_reason(error, message):
    from ray import exceptions

    kind, *text = error
    failing = Mock(exceptions=exceptions, get=Mock(side_effect=getattr(exceptions, kind)(*text)))
    with pytest.raises(SpurgenError, match=message) as raised:
        _fetched(failing, None, 2)
    assert ("memory" in str(raised.value)) == ("memory" in message)
