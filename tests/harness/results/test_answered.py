import numpy as np
import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.worlds.things import GROUPED, STATES
from spurgen.generators.world import world_of
from spurgen.harness import metrics
from spurgen.harness.board.rows import groups_on_test
from spurgen.harness.results.answered import answered, contradiction
from spurgen.harness.results.rows import TaskRow, make_task_row


@pytest.fixture(params=["things-text-4", "things-multimodal-16", "things-image-4", "hidden-text-4"])
def rung(request):
    return load_suite("v4").task(request.param).in_world(3)


def test_all_that_follows_from_stored_classes_is_what_the_public_metrics_say_of_each_part(rung):
    sizes, rng, count = rung.scenario.asked(rung.modality), np.random.default_rng(0), rung.num_classes
    made = {part: world_of(rung.scenario).factors(part) for part in sizes}
    classes = {
        part: np.where(rng.random(size) < 0.6, made[part].labels, rng.integers(count, size=size))
        for part, size in sizes.items()
    }
    found = answered(rung, np.concatenate([*classes.values()]))
    accuracy = {
        part: metrics.class_accuracy(classes[part], made[part].labels, count)
        for part in (f"{split}/{state}" for split in ("test", "seen") for state in STATES)
    }
    right = np.concatenate([classes[part] == made[part].labels for part in GROUPED])
    groups = metrics.count_groups(right, np.concatenate([made[part].group_ids for part in GROUPED]), rung.num_groups)
    goes_with = np.eye(rung.scenario.num_values, count, dtype=bool)

    def follows(part, name):
        return metrics.follow_rate(classes[part], made[part].labels, made[part].channel_values[name], goes_with)

    twins = slice(0, sizes["test/thing"])
    uses = metrics.thing_use(
        classes["test/agree"][twins], classes["test/thing"], made["test/agree"].labels[twins], made["test/thing"].labels
    )
    assert found.metrics == {
        "accuracy": right.mean(), "robust_accuracy": min(accuracy[f"test/{state}"] for state in STATES),
        **{f"accuracy_{state}": accuracy[f"test/{state}"] for state in STATES},
        **{f"seen_{state}": accuracy[f"seen/{state}"] for state in STATES},
        "wga": groups.worst, "follows": follows("test/mislead", rung.channels[0]), "uses_thing": uses,
    }  # fmt: skip
    assert {type(value) for value in (*found.metrics.values(), *found.follows.values())} == {float}
    assert found.follows == {name: follows(f"test/{name}", name) for name in rung.channels}
    assert [each.tolist() for each in found.counts] == [each.tolist() for each in groups]
    assert found.correct.tolist() == right.tolist()


BASES = 24
RANDOM = np.random.default_rng(0)
ARRAYS = {"ig": RANDOM.normal(size=BASES) - 0.5}


@pytest.fixture
def judge(suite):
    task = suite.task("small-text")
    groups_on_test(task)
    return lambda row: contradiction(task, row)


def with_metric(row, **metrics):
    """The row with its first result's metrics replaced."""
    first = row.results[0]
    edited = first.model_copy(update={"metrics": first.metrics | metrics})
    return TaskRow((edited, *row.results[1:]), row.correct, row.sums, row.predicted)


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
    [("wga", 0.99), ("accuracy", 0.99), ("robust_accuracy", 0.99), ("accuracy_agree", 0.99), ("accuracy_mislead", 0.99),
     ("follows", 0.21), ("uses_thing", 0.9), ("sss", 0.21), ("ig", -0.4)],
)  # fmt: skip
def test_an_edited_metric_is_noticed(suite, make_row, judge, metric, claimed):
    row = make_row(suite, 0.8)
    reason = judge(with_metric(row, **{metric: claimed}))
    assert reason.startswith(f"its metrics do not follow from its samples: {metric} {claimed}, expected ")
    actual = float(reason.partition("expected ")[2].partition(" (")[0])
    assert actual == pytest.approx(row.results[0].metrics[metric], abs=1e-3)


def test_an_edited_metric_of_any_seed_is_noticed(suite, make_row, judge):
    assert "samples: ig -0.633333, expected -0.5" in judge(with_metric(make_row(suite, 0.8, (0, 1, 2)), ig=-0.9))
    row = make_row(suite, 0.8, (0, 1))
    last = row.results[1]
    edited = last.model_copy(update={"metrics": last.metrics | {"wga": 0.99}})
    assert judge(TaskRow((row.results[0], edited), row.correct, row.sums, row.predicted)).endswith("(seed 1)")


def test_rounding_explains_only_the_rounding_of_float16(suite, make_row, judge):
    row = make_row(suite, 0.8, arrays={"ig": np.full(BASES, -0.7)})
    for error, explained in ((1e-4, True), (-1e-4, True), (2e-3, False), (-2e-3, False)):
        assert (judge(with_metric(row, ig=-0.7 + error)) is None) is explained, error
    assert "wga" in judge(with_metric(row, wga=row.results[0].metrics["wga"] + 1e-5))


@pytest.mark.parametrize(("metric", "expected"), [("sss", 0.3), ("follows", 0.208333)])
def test_a_channels_metric_is_held_to_the_samples(suite, make_outcome, judge, metric, expected):
    result, samples = make_outcome(suite, 0.8)
    channels = {**result.channels, "color": result.channels["color"] | {metric: 0.1}}
    assert f"{metric}/color 0.1, expected {expected}" in judge(
        make_task_row([(result.model_copy(update={"channels": channels}), samples)])
    )


def test_the_groups_are_held_to_the_samples(suite, make_outcome, judge):
    result, samples = make_outcome(suite, 0.8)
    moved = tuple(sorted(result.groups))
    assert moved != result.groups
    reason = judge(make_task_row([(result.model_copy(update={"groups": moved}), samples)]))
    assert reason.startswith("its counts per group do not follow from its predicted classes")


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("ig", None, "ig has 0 values, expected 24"),
        ("sss/color", np.zeros(23), "sss/color has 23 values, expected 24"),
        ("correct", np.ones(61, bool), "correct has shape (1, 61), expected (1, 60)"),
        ("predicted", np.zeros((1, 275), np.uint8), "predicted has shape (1, 1, 275), expected (1, 1, 276)"),
        ("predicted", np.full((1, 276), 200, np.uint8), "its predicted classes go up to 200, expected below 3"),
        ("predicted", np.full((1, 276), 3, np.uint8), "its predicted classes go up to 3, expected below 3"),
    ],
)
def test_missing_or_misshapen_samples_are_a_reason(suite, make_outcome, judge, name, array, message):
    result, samples = make_outcome(suite, 0.8)
    samples = {key: kept for key, kept in samples.items() if key != name} | ({} if array is None else {name: array})
    assert judge(make_task_row([(result, samples)])) == f"its samples cannot be used: {message}"


@pytest.mark.parametrize("metric", ["follows", "follows/background", "robust_accuracy", "wga"])
def test_a_missing_metric_is_named(suite, make_outcome, judge, metric):
    result, samples = make_outcome(suite, 0.8)
    name, _, channel = metric.partition("/")
    del (result.channels[channel] if channel else result.metrics)[name]
    assert judge(make_task_row([(result, samples)])) == f"it lacks the metric {metric} (seed 0)"


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (0, "its counts per group do not follow from its predicted classes"),
        (slice(132, 276), "its metrics do not follow from its samples: follows"),
        (60, "its metrics do not follow from its samples: uses_thing"),
    ],
)
def test_an_edited_predicted_class_is_noticed(suite, make_outcome, judge, column, reason):
    result, samples = make_outcome(suite, 1.0)
    assert judge(make_task_row([(result, samples)])) is None
    samples["predicted"][0, column] = (samples["predicted"][0, column] + 1) % 3
    assert judge(make_task_row([(result, samples)])).startswith(reason)
