import json
import pickle
from contextlib import nullcontext
from unittest.mock import Mock

import numpy as np
import pytest

from spurgen.benchmark.errors import FrozenDataError, MetricError
from spurgen.benchmark.result import Result
from spurgen.generators import aligned_values, class_names, sample, twins
from spurgen.generators.pictograms.captions import NOUNS
from spurgen.harness.running.run import _limits, run
from spurgen.harness.sandbox.limits import Limits

CORE = f"""
import numpy as np
CLASS = { ({form: k for k, forms in enumerate(NOUNS.values()) for form in forms}) }
def find(caption):
    return max(((len(form), k) for form, k in CLASS.items() if form in caption))[1]
def predict(batch):
    return 12.0 * np.eye(3)[[find(caption) for caption in batch.captions]]
"""
CHANNEL = """
import numpy as np
TABLE = np.array(%s)  # (values, classes)
WORDS = ("red", "blue", "green")
def predict(batch):
    colors = [next(k for k, word in enumerate(WORDS) if f" {word} " in f" {c} ") for c in batch.captions]
    return 12.0 * TABLE[colors]
"""


@pytest.mark.parametrize("part", ["predict", "encode"])
def test_the_steps_of_a_job_and_the_last_line_printed_are_shown_up_to_the_last_answer(
    run_job, write_submission, monkeypatch, part
):
    steps = []
    prints = (
        "def fit(train, val, context):\n    print('\\x1b[2Jepoch 1\\repoch 2\\n')\n    import time; time.sleep(1)\n"
    )
    monkeypatch.setattr(
        "spurgen.harness.running.run.reporting", lambda job: nullcontext(lambda s: steps.append((job, s)))
    )
    run_job(write_submission(prints + CORE.replace("def predict", f"def {part}")), seed=3)
    assert {job for job, _ in steps} == {"model  small-text  seed 3"}
    words = [step for _, step in steps]
    answers = [float(step.removeprefix("answers ").rstrip("%")) for step in words if step.startswith("answers")]
    assert answers == sorted(answers)
    assert answers[-1] == 100
    others = [step for step in words if not step.startswith("answers")]
    assert others == ["training", "training: epoch 2", "consistency check", "scoring"]


def test_only_strangers_are_trained_a_second_time(make_job, write_submission):
    limits = Limits(retrain_seconds=600.0)
    specs = ("spurgen.baselines.erm:submission", write_submission(CORE))
    assert [_limits(make_job(spec, limits=limits)).retrain_seconds for spec in specs] == [0.0, 600.0]


def test_a_model_that_reads_only_the_core_scores_perfectly(result_of, write_submission):
    result = result_of(write_submission(CORE))
    assert result.error is None
    values = result.metrics
    assert {values[name] for name in ("accuracy", "robust_accuracy", "wga", "uses_thing")} == {1}
    assert {values[name] for name in ("sss", "follows", "ig")} == {0}


def test_a_model_that_reads_one_channel_has_the_closed_form_metrics(result_of, suite, write_submission):
    table = aligned_values(suite.scenario("small"), "color").astype(int).tolist()
    result = result_of(write_submission(CHANNEL % table))
    assert result.error is None
    assert result.metrics["wga"] == 0
    assert (result.metrics["accuracy_agree"], result.metrics["accuracy_mislead"]) == (1, 0)
    assert (result.metrics["uses_thing"], result.metrics["follows"], result.channels["color"]["follows"]) == (0, 1, 1)
    # Where color misleads, in half of the samples, one of the two rivals of background's twins is its class.
    assert result.channels["background"]["follows"] == 1 / 4
    # In closed form a / 2 for a mixture with weight a, here 1. The temperature then gives the shown value's
    # class the share q of val samples that it is right on, and each other class (1 - q) / 2.
    val = sample(suite.scenario("small"), "val", range(45), images=False)
    q = np.mean(aligned_values(suite.scenario("small"), "color")[val.channel_values["color"], val.labels])
    assert result.channels["color"]["sss"] == pytest.approx((q - (1 - q) / 2) / 2, abs=1e-6)
    assert result.channels["background"]["sss"] == 0
    # It loses -log q where the value goes with the class, on ctrl always, and -log((1 - q) / 2) elsewhere.
    unc = twins(suite.scenario("small"), "test", range(24), "unc", images=False)
    off = 1 - np.mean(aligned_values(suite.scenario("small"), "color")[unc.channel_values["color"], unc.labels])
    assert result.metrics["ig"] == pytest.approx(off * np.log((1 - q) / (2 * q)), abs=1e-6)


def test_scaling_the_logits_changes_no_metric_but_the_temperature(result_of, write_submission):
    code = (
        "import numpy as np\ndef predict(b): return {} * np.array([[len(c) % 7, c.count('e'), 3.] for c in b.captions])"
    )
    plain = result_of(write_submission(code.format(1), "plain")).metrics
    scaled = result_of(write_submission(code.format(1e3), "scaled")).metrics
    for name in ("sss", "ig", "follows", "wga"):
        assert scaled[name] == pytest.approx(plain[name], rel=1e-6)
    assert scaled["temperature"] == pytest.approx(1e3 * plain["temperature"])


def test_test_inputs_arrive_without_labels_or_values(result_of, write_submission):
    code = """
import numpy as np
def predict(batch):
    assert sorted(vars(batch)) == ["captions", "features", "images"], vars(batch)
    assert batch.features is None
    return np.ones((len(batch), 3))
"""
    assert result_of(write_submission(code)).error is None


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("def predict(batch):\n    raise ValueError('no')", ", task small-text: predict failed: ValueError: no"),
        ("MODALITIES = {'image'}\ndef predict(batch): ...", " takes image, but task small-text is text"),
    ],
)
def test_a_failed_result_names_the_submission_task_and_reason(result_of, write_submission, code, error):
    spec = write_submission(code)
    result = result_of(spec)
    assert result.error.startswith(f"submission {spec}{error}")
    assert result.metrics == {}
    assert Result.model_validate_json(result.model_dump_json()) == result


EDITED = "its source was edited after this job was planned"


def test_a_source_edited_between_planning_and_running_fails_the_result(make_job, write_submission):
    planned = make_job(write_submission(CORE))
    identity = planned.identity
    write_submission(CORE + "x = 1")
    result = run(pickle.loads(pickle.dumps(planned))).result
    assert EDITED in result.error
    assert (result.identity, result.metrics) == (identity, {})


def test_a_source_edited_during_the_run_fails_the_result(result_of, write_submission):
    code = CORE + "from pathlib import Path\nPath(__file__).write_text(Path(__file__).read_text() + '\\nx = 1')\n"
    result = result_of(write_submission(code))
    assert EDITED in result.error
    assert result.metrics == {}


@pytest.mark.parametrize("line", ["USES_GENERATOR = True", "def unused(): import spurgen.generators", "x = 1"])
def test_a_submission_that_uses_the_generator_is_marked(result_of, write_submission, line):
    result = result_of(write_submission(f"{line}\n{CORE}"))
    assert result.uses_generator is (line != "x = 1")


ECHO = """
import numpy as np
ACCESS = "train_groups"
def fit(train, val, context):
    global value
    value = {VALUE}
def predict(batch): return np.tile([0.0, 1.0, 2.0], (len(batch), 1))
def report(): return {"curves": [{"value": value}]}
"""


@pytest.fixture
def echo(result_of, write_submission):
    """Return a function that runs a submission that reports a value computed from its arguments."""

    def echoed(expression, **more):
        result = result_of(write_submission(ECHO.replace("{VALUE}", expression)), **more)
        assert result.error is None, result.error
        return result.report.curves[0]["value"], result

    return echoed


def test_the_reference_trains_in_an_uncorrelated_world(echo):
    # Aligned by chance alone: 30 of 90 samples, 60 or more in the task itself.
    share = "float((train.group_ids // 2 % 2 == 0).mean() + (train.group_ids % 2 == 0).mean()) / 2"
    (own, plain), (uncorrelated, reference) = (echo(share, uncorrelated=flag) for flag in (False, True))
    assert own > 0.5 > 0.45 > uncorrelated
    assert (plain.uncorrelated, reference.uncorrelated) == (False, True)
    assert plain.identity != reference.identity


def test_a_submission_gets_the_seed_and_the_class_names(echo, suite):
    assert [echo("context.seed", seed=seed)[0] for seed in (0, 7)] == [0, 7]
    names, _ = echo("' '.join(context.class_names)")
    assert names == " ".join(class_names(suite.scenario("small"))) == "heart arrow moon"


@pytest.mark.parametrize("part", ["train", "val", "test", "twins/core", "twins/channel/color"])
def test_every_part_is_checked_against_the_manifest(result_of, suite, write_submission, part):
    data = json.loads(suite.manifest_file.read_text())
    data["scenarios"]["small"]["parts"][part]["shards"][-1]["captions"] = "0" * 64
    suite.manifest_file.write_text(json.dumps(data))
    with pytest.raises(FrozenDataError, match=f"{part}: shard . differs in captions"):
        result_of(write_submission(CORE))


EXTREME = """
def fit(train, val, context):
    global known
    known = set(val.captions)
def predict(batch):
    return np.array([(1e-20 if c in known else 1e7) * np.eye(3)[find(c)] for c in batch.captions])
"""


def test_logits_much_larger_on_test_than_on_val_fail_the_submission(result_of, write_submission):
    path = write_submission(CORE.partition("def predict")[0] + EXTREME)
    error = result_of(path).error
    assert error.startswith(f"submission {path}, task small-text: scores on test differ by up to 1e+07")
    assert "times the temperature that fits them elsewhere" in error


def test_a_bug_in_scoring_is_raised_not_recorded_as_a_failure(result_of, write_submission, monkeypatch):
    broken = Mock(side_effect=MetricError("labels: found values from 0 to 9"))
    monkeypatch.setattr("spurgen.harness.running.run.score", broken)
    with pytest.raises(MetricError, match="labels: found"):
        result_of(write_submission(CORE))


def test_nobody_knows_in_which_order_a_job_asks(run_job, write_submission):
    model = write_submission(CORE)
    first, second = (run_job(model).result.provenance.order_seed for _ in range(2))
    assert first != second
