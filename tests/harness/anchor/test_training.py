import dataclasses

import numpy as np
import pytest

from spurgen.baselines.crt import Hyperparameters
from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.specs import BASELINES
from spurgen.harness.anchor.training import (
    AnchorJob,
    baseline,
    cannot_run,
    identity_of,
    stretch_of,
    stretched,
    train_and_score,
)
from spurgen.harness.anchor.worlds import TUNING, Design

RUNNING = [name for name in names_in(BASELINES) if not cannot_run(baseline(name).ACCESS, environments=True)]


def test_all_methods_run_but_the_one_that_needs_twins():
    assert set(names_in(BASELINES)) - set(RUNNING) == {"contrastive"}


@pytest.mark.parametrize("method", RUNNING)
def test_every_method_trains_on_vectors(method, planted, small):
    result = train_and_score(planted(), AnchorJob(method, {"epochs": 8}, "0"), small, "an identity")
    assert result.error is None
    assert result.access == baseline(method).ACCESS
    assert sum(result.correct) > 100  # of 200, by chance
    assert len(result.score) == (2 if ACCESS[result.access].val_groups else 1)


def test_erm_follows_the_attribute_and_without_the_correlation_does_not(planted, small):
    correlated, reference = (
        np.array(train_and_score(planted(), AnchorJob("erm", {}, "0", kind), small, "").correct) / small.test
        for kind in (True, False)
    )
    gaps = [abs(np.subtract(*each.reshape(2, 2).mean(axis=0))) for each in (correlated, reference)]
    assert gaps[0] > 0.1
    assert gaps[1] < gaps[0] / 2
    assert reference.min() > correlated.min()


def test_tuning_scores_no_test_sample(planted, small):
    result = train_and_score(planted(), AnchorJob("erm", {}, TUNING), small, "")
    assert result.correct is None
    assert result.score


def test_a_failure_is_recorded(planted, small):
    result = train_and_score(planted(), AnchorJob("erm", {"lr": 1.0, "momentum": 2}, "0"), small, "")
    assert "erm has no option 'momentum'" in result.error
    assert (result.correct, result.score) == (None, ())


def test_a_failed_sanity_check_leaves_no_score(planted, small):
    data = planted()
    data = dataclasses.replace(data, features=np.zeros_like(data.features))  # every network of them is the same
    result = train_and_score(data, AnchorJob("ssa", {"epochs": 1}, "0"), small, "")
    assert result.failed_checks
    assert result.score == ()


def test_small_data_get_more_epochs_of_every_stage():
    assert [stretch_of(count) for count in (100, 1900, 4795, 20_000)] == [10, 2, 1, 1]
    options = stretched(Hyperparameters(), {"head_epochs": 5, "head_lr": 0.1}, 2)
    assert options == {"head_epochs": 10, "head_lr": 0.1, "epochs": 12}


def test_why_a_tier_cannot_be_had():
    assert "counterfactual twins" in cannot_run("twins", environments=True)
    assert "environments" in cannot_run("envs", environments=False)
    assert cannot_run("train_groups", environments=False) is None


def test_the_identity_depends_on_all_that_results_depend_on(small):
    job = AnchorJob("erm", {"lr": 0.1}, "0")
    others = [
        dataclasses.replace(job, method="mixup"), dataclasses.replace(job, options={}),
        dataclasses.replace(job, world="1"), dataclasses.replace(job, correlated=False),
    ]  # fmt: skip
    identities = {identity_of(each, "a", small) for each in (job, *others)}
    identities |= {identity_of(job, "b", small), identity_of(job, "a", Design())}
    assert len(identities) == 7
    assert job.seed == 0
    assert dataclasses.replace(job, world=TUNING).seed == 10_000
