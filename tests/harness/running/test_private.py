import pickle

import numpy as np
import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.generators import sample, twins
from spurgen.harness.board.private_gap import private_gap
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.running.plan import plan, plan_private
from spurgen.harness.running.run import run

SECRET, PRIVATE_DATA = "5" * 64, "d" * 64
LOOKS_UP = """
import numpy as np
TABLE = %r
def predict(batch): return 9.0 * np.eye(3)[[TABLE.get(caption, 0) for caption in batch.captions]]
"""
READS = """
import numpy as np
def predict(batch): return np.array([[c.count("e"), c.count("a"), c.count("o")] for c in batch.captions], float)
"""


def test_a_lookup_table_of_public_labels_is_at_chance_on_private_splits(suite, result_of, write_submission):
    scenario = suite.scenario("small")
    parts = [sample(scenario, "test", range(60)), *(twins(scenario, "test", range(24), k) for k in ("core", "unc"))]
    table = {caption: int(label) for part in parts for caption, label in zip(part.captions, part.labels, strict=True)}
    spec = write_submission(LOOKS_UP % table)
    assert result_of(spec).metrics["accuracy"] == 1
    private = result_of(spec, private=True)
    assert private.error is None
    assert private.metrics["accuracy"] == pytest.approx(1 / 3, abs=0.01)


@pytest.mark.parametrize("task", ["few-0", "few-6"])
def test_a_private_result_on_a_rung_follows_from_its_counts_alone(steps, write_submission, task):
    spec = write_submission(READS)
    (job,) = plan_private(plan(steps, [task], [spec], [1]), SECRET, PRIVATE_DATA)
    (result, samples), public = run(job), run(plan(steps, [task], [spec], [1])[0]).result
    assert (result.error, samples, result.channels) == (None, {}, {})
    assert set(result.metrics) == {"accuracy", "wga", "robust_accuracy"}
    by_state = np.reshape(result.groups, (3, 2)).mean(axis=0) / 8
    assert result.metrics["robust_accuracy"] == pytest.approx(by_state.min())
    rung = load_suite(steps).task(task)
    rows = [make_task_row([(public, {})]), make_task_row([(result, {})])]
    gap = private_gap(rung, "model", *rows, None)
    assert gap.robust_accuracy == pytest.approx(by_state.min())
    assert gap.gap == pytest.approx(np.reshape(public.groups, (3, 2)).mean(axis=0).min() / 8 - by_state.min())


def test_a_private_result_contains_neither_samples_nor_the_secret(make_job, write_submission):
    keeps = "NAME = 'what it saw'\ndef fit(*_): ...\n"
    job = make_job(write_submission(READS + keeps), private=True)
    result, samples = run(job)
    assert (result.verification, samples, result.data_sha256) == ("private", {}, "d" * 64)
    assert result.identity == job.identity
    assert result.submission == "model"
    # each other metric can carry what a submission wants to tell
    assert set(result.metrics) == {"accuracy", "wga", "robust_accuracy"}
    assert (result.error, result.channels, len(result.groups)) == (None, {}, 12)
    provenance = result.provenance
    assert len(provenance.finished) == len("2026-01-01")
    assert (provenance.seconds, provenance.peak_memory_bytes, provenance.warnings) == ({}, None, ())
    assert provenance.consistency is None
    for secret in ("5" * 64, str(job.task.scenario.seed)):
        assert secret not in result.model_dump_json()
        assert secret not in repr(job)
    assert pickle.loads(pickle.dumps(job)) == job


def test_private_and_public_jobs_have_different_identities(make_job, write_submission):
    spec = write_submission(READS)
    identities = {make_job(spec, private=private).identity for private in (True, False)}
    identities.add(make_job(write_submission(READS + "x = 1", "other"), private=True).identity)
    assert len(identities) == 3


def test_a_failure_on_private_splits_contains_no_text_of_the_submission(result_of, write_submission):
    result = result_of(write_submission("def predict(batch): raise ValueError(batch.captions[0])"), private=True)
    assert result.error.endswith("failed on the private splits; its message is withheld, since it may reveal them")
    assert result.verification == "private"


@pytest.mark.parametrize("passed", [True, False])
def test_a_private_report_contains_only_whether_all_sanity_checks_passed(result_of, write_submission, passed):
    report = f"{{'checks': {{train.captions[0][:99]: {passed}, 'other': True}}, 'selection': train.captions[1][:99]}}"
    fit = f"def fit(data, val, context):\n    global train\n    train = data.batch\ndef report(): return {report}\n"
    result = result_of(write_submission(READS + fit), private=True)
    assert result.error is None
    assert result.report.model_dump(exclude_defaults=True) == {"checks": {"all sanity checks": passed}}
