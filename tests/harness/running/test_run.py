from spurgen.benchmark.scenario import load_scenario
from spurgen.benchmark.suite import Task
from spurgen.harness.running.job import CellSpec
from spurgen.harness.running.run import Trial, run_trial

CODE = """
import numpy as np
def fit(train, val, context):
    global names
    names = context.class_names
    assert context.backbone == "scratch"
def predict(batch): return np.array([[c.count(n) for n in names] for c in batch.captions], float)
"""


def run(trial):
    return run_trial(trial, lambda *_: None, identity="", data_sha256=trial.task.scenario.digest)


def test_a_run_without_a_manifest_gives_the_figures_of_the_frozen_cell(suite_file, suite, write_submission):
    spec = write_submission(CODE)
    scenario = load_scenario(suite.scenario_file("small"))
    free, frozen = (
        run(Trial(Task("small-text", scenario, "text"), spec, 0)),
        CellSpec(suite_file, "small-text", spec, 0).run(),
    )
    assert free.error is None
    different = ("identity", "data_sha256", "provenance")
    assert free.model_dump(exclude=different) == frozen.model_dump(exclude=different)
    assert free.data_sha256 == scenario.digest


def test_classes_that_start_later_are_named_so(suite, write_submission):
    later = suite.scenario("small").model_copy(update={"first_class": 17})
    named = CODE.replace("assert context", "assert len(names) == 3 and names[0] != 'heart', names\n    assert context")
    cell = run(Trial(Task("later", later, "text"), write_submission(named), 0))
    assert cell.error is None
    assert cell.figures["accuracy"] > 0.4
