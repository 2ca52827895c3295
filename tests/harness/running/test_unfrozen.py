from spurgen.benchmark.scenario import load_scenario
from spurgen.benchmark.task import Task
from spurgen.harness.running.plan import plan_unfrozen
from spurgen.harness.running.run import run

CODE = """
import numpy as np
def fit(train, val, context):
    global names
    names = context.class_names
    assert context.backbone == "scratch"
def predict(batch): return np.array([[c.count(n) for n in names] for c in batch.captions], float)
"""


def test_an_unfrozen_job_has_the_metrics_of_the_frozen_job(result_of, suite, write_submission):
    spec = write_submission(CODE)
    scenario = load_scenario(suite.scenario_file("small"))
    free = run(plan_unfrozen(Task("small-text", scenario, "text"), spec, 0, "cpu", {})).result
    assert free.error is None
    different = ("identity", "data_sha256", "provenance", "isolation")
    assert free.model_dump(exclude=different) == result_of(spec).model_dump(exclude=different)
    assert free.data_sha256 == scenario.digest


def test_class_names_follow_the_scenarios_first_class(suite, write_submission):
    later = suite.scenario("small").model_copy(update={"first_class": 17})
    code = CODE.replace("assert context", "assert len(names) == 3 and names[0] != 'heart', names\n    assert context")
    result = run(plan_unfrozen(Task("later", later, "text"), write_submission(code), 0, "cpu", {})).result
    assert result.error is None
    assert result.metrics["accuracy"] > 0.4
