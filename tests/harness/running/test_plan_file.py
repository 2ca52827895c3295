from collections import Counter
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from spurgen.harness.running.plan_file import by_task, share


@given(tasks=st.integers(1, 12), seeds=st.integers(1, 12), count=st.integers(1, 30))
def test_shares_have_as_many_jobs_of_every_task_and_in_all_give_or_take_one(tasks, seeds, count):
    jobs = [
        SimpleNamespace(task=SimpleNamespace(name=str(task)), seed=seed)
        for seed in range(seeds)
        for task in range(tasks)
    ]
    shares = [share(by_task(jobs), k, count) for k in range(count)]
    dealt = sorted((job.seed, int(job.task.name)) for each in shares for job in each)
    assert dealt == sorted((job.seed, int(job.task.name)) for job in jobs)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    for task in map(str, range(tasks)):
        numbers = [Counter(job.task.name for job in each)[task] for each in shares]
        assert max(numbers) - min(numbers) <= 1
