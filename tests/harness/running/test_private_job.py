import pickle

import pytest

from spurgen.generators import sample, twins
from spurgen.harness.running.job import CellSpec
from spurgen.harness.running.private_job import PrivateCellSpec

SECRET, DATA = "5" * 64, "d" * 64
LOOKS_UP = """
import numpy as np
TABLE = %r
def predict(batch): return 9.0 * np.eye(3)[[TABLE.get(caption, 0) for caption in batch.captions]]
"""
READS = """
import numpy as np
def predict(batch): return np.array([[c.count("e"), c.count("a"), c.count("o")] for c in batch.captions], float)
"""


@pytest.fixture
def hidden(suite_file):
    return lambda spec, task="small-text", **more: PrivateCellSpec(suite_file, task, spec, 0, SECRET, DATA, **more)


def test_a_table_of_the_public_answers_is_perfect_there_and_worth_nothing_here(
    suite, suite_file, hidden, write_submission
):
    scenario = suite.scenario("small")
    shown = [sample(scenario, "test", range(60)), *(twins(scenario, "test", range(24), k) for k in ("core", "unc"))]
    table = {caption: int(label) for some in shown for caption, label in zip(some.captions, some.labels, strict=True)}
    spec = write_submission(LOOKS_UP % table)
    assert CellSpec(suite_file, "small-text", spec, 0).run().figures["accuracy"] == 1
    cell = hidden(spec).run()
    assert cell.error is None
    assert cell.figures["accuracy"] == pytest.approx(1 / 3, abs=0.01)


def test_a_private_cell_says_so_and_keeps_nothing_of_single_samples_nor_the_secret(hidden, write_submission):
    spec = hidden(write_submission(READS))
    cell = spec.run()
    assert (cell.verification, cell.samples, cell.data_sha256) == ("private", {}, DATA)
    assert cell.identity == spec.identity
    assert SECRET not in cell.model_dump_json()
    assert SECRET not in repr(spec)
    assert pickle.loads(pickle.dumps(spec)) == spec


def test_its_identity_is_of_other_data_than_the_public_cell(suite_file, hidden, write_submission):
    spec = write_submission(READS)
    assert hidden(spec).identity != CellSpec(suite_file, "small-text", spec, 0).identity
    assert hidden(spec).identity != hidden(write_submission(READS + "x = 1", "other")).identity


def test_a_failure_is_recorded_and_tells_nothing_of_the_data(hidden, write_submission):
    cell = hidden(write_submission("def predict(batch): raise ValueError(batch.captions[0])")).run()
    assert cell.error.endswith("failed on the private splits; what it said is left out, since it may tell of them")
    assert cell.verification == "private"


@pytest.mark.parametrize("kept", [True, False])
def test_of_a_report_no_word_is_kept_and_whether_promises_were(hidden, write_submission, kept):
    report = f"{{'checks': {{train.captions[0]: {kept}, 'other': True}}, 'selection': train.captions[1]}}"
    fit = f"def fit(data, val, context):\n    global train\n    train = data.batch\ndef report(): return {report}\n"
    cell = hidden(write_submission(READS + fit)).run()
    assert cell.error is None
    assert cell.report.model_dump(exclude_defaults=True) == {"checks": {"all that it promises": kept}}
