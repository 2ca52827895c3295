"""Features are computed before jobs start, for baselines on frozen ladders alone."""

import io

import pytest
from rich.console import Console

from spurgen.harness.options.submissions import compute_features
from spurgen.harness.running import features
from spurgen.harness.running.plan import baseline_specs, plan


@pytest.fixture
def said(monkeypatch):
    """Return a function that computes the features of jobs in this process, and returns what is said."""
    monkeypatch.setattr(features.pool, "run", lambda work, jobs, _=None: ((job, work(job)) for job in jobs))

    def compute(jobs, **how):
        stream = io.StringIO()
        compute_features(jobs, Console(file=stream, width=300), 1, **how)
        return stream.getvalue()

    return compute


def test_each_world_is_encoded_once(steps, words, said):
    jobs = plan(steps, ["few-0", "few-6"], baseline_specs(["erm", "subg"]), [0, 1])
    parts = jobs[0].task.scenario.parts
    assert f"encoding {2 * sum(parts.values()):,} samples by frozen encoders: less than a minute, once; " in said(jobs)
    assert sum(words) == 2 * sum(parts.values())
    assert said(jobs) == ""


def test_a_dry_run_says_how_long_encoding_takes_and_encodes_nothing(steps, words, said, monkeypatch):
    monkeypatch.setitem(features.SECONDS, "caption", 60.0)
    jobs = plan(steps, ["few-6"], baseline_specs(["erm"]), [0])
    count = sum(jobs[0].task.scenario.parts.values())
    assert f"frozen encoders see {count:,} samples: about {count / 60:.1f} h, once; " in said(jobs, dry_run=True)
    assert words == []


def test_nothing_is_encoded_for_submissions_of_ones_own(steps, words, said, write_submission):
    assert said(plan(steps, ["few-6"], [write_submission("def predict(b): ...")], [0])) == ""
    assert words == []
