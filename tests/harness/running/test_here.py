"""Baselines on rungs run in the scorer's process, and their results are those of a process of their own."""

import os

import pytest

from spurgen.harness.running import run as running
from spurgen.harness.running.here import Here, runs_here
from spurgen.harness.running.plan import baseline_specs, plan

pytestmark = pytest.mark.usefixtures("words")


@pytest.fixture
def job(steps):
    return plan(steps, ["few-6"], baseline_specs(["dfr"]), [1])[0]


def test_results_are_those_of_a_process_of_their_own(job, monkeypatch):
    def never(*_):
        raise AssertionError("a process was started")

    with monkeypatch.context() as patched:
        patched.setattr(running, "RecheckedWorker", never)
        result, samples = running.run(job)
    monkeypatch.setattr(running, "runs_here", lambda _: False)
    apart, samples_apart = running.run(job)
    assert result.error is apart.error is None
    assert result.metrics == pytest.approx(apart.metrics, abs=1e-9)
    assert result.report == apart.report
    assert (samples["correct"] == samples_apart["correct"]).all()
    assert (result.identity, result.access) == (apart.identity, apart.access)
    assert (result.isolation, result.provenance.consistency) == ("process", None)


def test_submissions_and_tasks_of_pictograms_get_a_process(steps, job, write_submission, suite_file):
    assert runs_here(job)
    stranger = write_submission("import numpy as np\ndef predict(batch):\n    return np.zeros((len(batch), 3))\n")
    assert not runs_here(plan(steps, ["few-6"], [stranger], [0])[0])
    assert not runs_here(plan(suite_file, ["small-text"], baseline_specs(["erm"]), [0])[0])


def test_the_folder_of_a_baseline_is_removed_when_it_ends(job):
    with Here(job) as here:
        assert os.path.isdir(here.scratch)
        assert here.about.access == "val_groups"
    assert not os.path.exists(here.scratch)
