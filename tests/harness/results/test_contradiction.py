import numpy as np
import pytest

from spurgen.harness.board.by_unit import groups_on_test
from spurgen.harness.results.contradiction import contradiction
from spurgen.harness.results.rows import TaskRow, make_task_row

BASES = 24
RANDOM = np.random.default_rng(0)
ARRAYS = {"core": RANDOM.random(BASES), "placebo": RANDOM.random(BASES) / 100, "ig": RANDOM.normal(size=BASES) - 0.5}


@pytest.fixture
def judge(suite):
    task = suite.task("small-text")
    groups = groups_on_test(task)
    return lambda row: contradiction(task, groups, row)


def with_metric(row, **metrics):
    """The row with its first result's metrics replaced."""
    first = row.results[0]
    edited = first.model_copy(update={"metrics": first.metrics | metrics})
    return TaskRow((edited, *row.results[1:]), row.correct, row.sums)


@pytest.mark.parametrize("scale", [1e-6, 1, 1e5])
@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_metrics_follow_from_the_samples_they_were_computed_from(
    suite, make_outcome, judge, tmp_path, scale, seeds, keep_row
):
    arrays = ARRAYS | {"ig": scale * ARRAYS["ig"], "sss/color": RANDOM.random(BASES)}
    outcomes = [make_outcome(suite, 0.8, seed, arrays=arrays) for seed in seeds]
    assert judge(keep_row(tmp_path, *outcomes).row("model")["small-text"]) is None


@pytest.mark.parametrize(
    ("metric", "claimed"),
    [("wga", 0.99), ("accuracy", 0.99), ("sss", 0.21), ("sss_placebo", 0.2), ("ig", -0.4), ("core_sensitivity", 0.9),
     ("cra", 0.41), ("flip_rate", 0.19)],
)  # fmt: skip
def test_an_edited_metric_is_noticed(suite, make_row, judge, metric, claimed):
    row = make_row(suite, 0.8)
    reason = judge(with_metric(row, **{metric: claimed}))
    assert reason.startswith(f"its metrics do not follow from its samples: {metric} {claimed}, expected ")
    actual = float(reason.partition("expected ")[2].partition(" (")[0])
    assert actual == pytest.approx(row.results[0].metrics[metric], abs=1e-3)


def test_edited_accuracies_by_pattern_are_noticed(suite, make_row, judge):
    row = make_row(suite, 0.8)
    shares = (np.array(row.results[0].groups) / 5).reshape(3, 4).mean(axis=0)
    by_pattern = {"robust_accuracy": shares.min(), "aligned_accuracy": shares[0], "conflicting_accuracy": shares[-1]}
    for name, value in by_pattern.items():
        assert judge(with_metric(row, **{name: float(value)})) is None
        assert f"samples: {name} 0.99, expected" in judge(with_metric(row, **{name: 0.99}))


def test_an_edited_metric_of_any_seed_is_noticed(suite, make_row, judge):
    assert (
        judge(with_metric(make_row(suite, 0.8, (0, 1, 2)), core_sensitivity=0.9)).partition(":")[2].startswith(" core")
    )
    row = make_row(suite, 0.8, (0, 1))
    last = row.results[1]
    edited = last.model_copy(update={"metrics": last.metrics | {"wga": 0.99}})
    assert judge(TaskRow((row.results[0], edited), row.correct, row.sums)).endswith("(seed 1)")


def test_rounding_explains_only_the_rounding_of_float16(suite, make_row, judge):
    row = make_row(suite, 0.8, arrays={"core": np.full(BASES, 0.7)})
    for error, explained in ((1e-4, True), (-1e-4, True), (2e-3, False), (-2e-3, False)):
        assert (judge(with_metric(row, core_sensitivity=0.7 + error)) is None) is explained, error
    assert "wga" in judge(with_metric(row, wga=row.results[0].metrics["wga"] + 1e-5))


def test_a_channels_metric_and_the_groups_are_held_to_the_samples(suite, make_outcome, judge):
    result, samples = make_outcome(suite, 0.8)
    channels = {**result.channels, "color": result.channels["color"] | {"sss": 0.1}}
    assert "sss/color 0.1, expected 0.3" in judge(
        make_task_row([(result.model_copy(update={"channels": channels}), samples)])
    )
    moved = tuple(sorted(result.groups))
    assert moved != result.groups
    reason = judge(make_task_row([(result.model_copy(update={"groups": moved}), samples)]))
    assert reason.startswith("its counts per group do not follow from its samples")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["aa", "ca", "ac", "cc", "a"], "its task has no alignment pattern 'a' (seed 0)"),
        (["aa", "ca", "ac"], "it lacks the metric accuracy of cc (seed 0)"),
        ([], "it lacks the metric accuracy of aa (seed 0)"),
    ],
)
def test_the_accuracies_by_pattern_are_those_of_all_patterns_of_the_task(suite, make_outcome, judge, names, reason):
    result, samples = make_outcome(suite, 0.8)
    edited = result.model_copy(update={"patterns": {name: result.patterns.get(name, 0.5) for name in names}})
    assert judge(make_task_row([(edited, samples)])) == reason


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("ig", None, "ig has 0 values, expected 24"),
        ("pull/color", None, "pull/color has 0 values, expected 24"),
        ("sss/color", np.zeros(23), "sss/color has 23 values, expected 24"),
        ("correct", np.ones(61, bool), r"correct has shape (1, 61), expected (1, 60)"),
    ],
)
def test_missing_or_misshapen_samples_are_a_reason(suite, make_outcome, judge, name, array, message):
    result, samples = make_outcome(suite, 0.8)
    samples = {key: kept for key, kept in samples.items() if key != name} | ({} if array is None else {name: array})
    assert judge(make_task_row([(result, samples)])) == f"its samples cannot be used: {message}"


@pytest.fixture
def judge_reliance(suite, make_outcome, judge):
    """Return a function that judges a row that states pulls, reliances and core use, some of them edited."""

    def run(pull=0.1, reliance=0.3, largest=0.3, core_use=0.7, arrays=()):
        # The oracle of three values, one for each class, has a pull of 2 / 3.
        arrays = {"pull/color": np.full(BASES, 0.2), "core_use": np.full(BASES, 0.7)} | dict(arrays)
        result, samples = make_outcome(suite, 0.8, arrays=arrays)
        metrics = result.metrics | {"reliance": largest, "core_use": core_use}
        channels = {
            "color": result.channels["color"] | {"pull": 0.2, "reliance": reliance},
            "background": result.channels["background"] | {"pull": pull, "reliance": 0.15},
        }
        edited = result.model_copy(update={"metrics": metrics, "channels": channels})
        return judge(make_task_row([(edited, samples)]))

    return run


def test_reliance_and_core_use_follow_from_the_samples(judge_reliance):
    assert judge_reliance() is None


@pytest.mark.parametrize(
    ("edited", "reason"),
    [
        ({"pull": 0.2}, "samples: reliance/background 0.15, expected 0.3"),
        ({"reliance": 0.1}, "samples: reliance/color 0.1, expected 0.3"),
        ({"largest": 0.1}, "samples: reliance 0.1, expected 0.3"),
        ({"core_use": 0.9}, "samples: core_use 0.9, expected 0.7"),
        ({"arrays": {"pull/color": np.full(BASES, 0.4)}}, "samples: pull/color 0.2, expected 0.4"),
    ],
)
def test_an_edited_reliance_or_core_use_is_noticed(judge_reliance, edited, reason):
    assert reason in judge_reliance(**edited)


@pytest.mark.parametrize("metric", ["reliance", "reliance/background", "robust_accuracy", "wga"])
def test_a_missing_metric_is_named(suite, make_outcome, judge, metric):
    result, samples = make_outcome(suite, 0.8)
    name, _, channel = metric.partition("/")
    del (result.channels[channel] if channel else result.metrics)[name]
    assert judge(make_task_row([(result, samples)])) == f"it lacks the metric {metric} (seed 0)"


@pytest.fixture
def judge_predicted(suite, make_outcome, judge):
    """Return a function that judges a row with predicted classes: all right but one twin of base 5, and edits."""
    task = suite.task("small-text")
    labels = groups_on_test(task) >> len(task.channels)

    def run(place=(0, 0), value=None, changed=()):
        classes = np.repeat(labels[:BASES, None], 7, axis=1).astype(np.uint8)
        classes[5, 3] = (classes[5, 3] + 1) % 3
        arrays = {"cra": np.arange(BASES) != 5, "predicted": classes} | dict(changed)
        classes[place] = classes[place] if value is None else value
        arrays["cra"] = arrays["cra"].astype(float)
        correct = np.ones(len(labels), bool)
        return judge(make_task_row([make_outcome(suite, correct, arrays=arrays)]))

    return run


def test_predicted_classes_that_agree_with_the_samples_are_accepted(judge_predicted):
    assert judge_predicted() is None


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        ((2, 0), 1, "its predicted classes contradict its correct predictions"),
        ((2, 4), 1, "its predicted classes contradict the families that it answers right as a whole"),
        ((5, 3), 200, "its predicted classes go up to 200, expected below 3"),
    ],
)
def test_an_edited_predicted_class_is_noticed(judge_predicted, place, value, reason):
    assert judge_predicted(place, value) == reason


def test_misshapen_predicted_classes_are_a_reason(judge_predicted):
    reason = judge_predicted(changed={"predicted": np.zeros((BASES, 6), np.uint8)})
    assert reason == "its samples cannot be used: predicted has shape (1, 24, 6), expected (1, 24, 7)"
