"""A rung from end to end: what training gets, what is asked, and metrics that planted readers have in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from spurgen.baselines.training.encoders import ENCODERS
from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.suite import load_suite
from spurgen.generators.things.nouns import THINGS
from spurgen.generators.things.shortcuts import SHORTCUTS
from spurgen.harness.machine.files import cache_folder
from spurgen.harness.results.answered import contradiction
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.running import features
from spurgen.harness.running.data import fitted, labeled, make_part
from spurgen.harness.running.plan import baseline_specs, check_backbones, plan
from spurgen.harness.running.run import run

CLASSES = ["animal", "vehicle", "food"]
NOUNS = {thing.noun.lower(): CLASSES.index(thing.category) for thing in THINGS if thing.category in CLASSES}
READER = f"""
import numpy as np
NOUNS, HUES, learned = {NOUNS!r}, {SHORTCUTS["hue"].values!r}, {{}}
def hues_in(caption):
    return [hue for hue in HUES if f" {{hue}} " in caption]
def fit(train, val, context):
    for caption, label in zip(train.captions, train.labels):
        for hue in hues_in(caption):
            learned.setdefault(hue, np.zeros(3))[label] += 1
def one(caption):
    if READS == "thing":
        return np.eye(3)[NOUNS[max((noun for noun in NOUNS if noun in caption.lower()), key=len)]]
    if READS == "hue":
        return sum((learned.get(hue, np.zeros(3)) for hue in hues_in(caption)), np.zeros(3))
    return np.array([1.0, 0.5, 0.0])
def predict(batch):
    return np.stack([one(caption) for caption in batch.captions])
"""


def result_of(steps, spec, task="few-6", seed=0):
    return run(plan(steps, [task], [spec], [seed])[0])


@pytest.fixture
def job(steps):
    """ERM on the upper rung of two."""
    return plan(steps, ["few-6"], baseline_specs(["erm"]), [0])[0]


@pytest.fixture
def reader(steps, write_submission):
    """Return a function from what a submission reads to its outcome on a rung."""
    return lambda reads, task="few-6": result_of(steps, write_submission(f"READS = {reads!r}\n{READER}"), task)


def test_a_reader_of_the_thing_follows_no_shortcut(reader):
    result = reader("thing").result
    assert result.error is None
    metrics = result.metrics
    assert [metrics[name] for name in ("robust_accuracy", "wga", "uses_thing", "seen_mislead")] == [1.0] * 4
    assert metrics["follows"] == metrics["sss"] == 0
    assert metrics["ig"] == pytest.approx(0, abs=1e-12)


def test_a_reader_of_one_shortcut_follows_it_and_no_other(reader):
    metrics, channels = (result := reader("hue").result).metrics, result.channels
    assert metrics["accuracy_agree"] == 1
    assert metrics["accuracy_mislead"] == metrics["robust_accuracy"] == metrics["wga"] == 0
    assert metrics["follows"] == channels["hue"]["follows"] == 1
    assert channels["place"] == {"sss": 0, "follows": 0}
    assert channels["hue"]["sss"] > 0.1
    assert metrics["uses_thing"] == 0
    assert metrics["ig"] < -0.3


def test_a_constant_is_right_in_a_third_and_follows_shortcuts_where_they_go_with_its_class(reader):
    metrics = reader("nothing").result.metrics
    assert metrics["accuracy_mislead"] == metrics["accuracy_neutral"] == pytest.approx(1 / 3)
    assert metrics["wga"] == metrics["sss"] == metrics["uses_thing"] == 0
    assert metrics["follows"] == pytest.approx(1 / 3, abs=0.2)


@pytest.mark.parametrize("method", ["erm", "group_dro"])
@pytest.mark.parametrize("task", ["few-0", "few-6"])
@pytest.mark.usefixtures("words", "coarse")
def test_a_baseline_trains_on_features_and_its_row_follows_from_its_classes(steps, method, task):
    spec = baseline_specs([method])[0]
    outcomes = [result_of(steps, spec, task, seed) for seed in (0, 1)]
    assert [outcome.result.error for outcome in outcomes] == [None, None]
    rung = load_suite(steps).task(task)
    row = make_task_row([(outcome.result, outcome.samples) for outcome in outcomes])
    assert contradiction(rung, row) is None
    changed = row.predicted.copy()
    changed[0, 0, :3] = (changed[0, 0, :3] + 1) % 3
    assert "do not follow" in contradiction(rung, replace(row, predicted=changed))


def test_features_are_computed_once_and_a_damaged_file_again(steps, job, words):
    first = features.features_of(job.task, "train", steps)
    assert (first.shape, words) == ((90, 26), [90])
    np.testing.assert_array_equal(features.features_of(job.task, "train", steps), first)
    assert words == [90]
    (file,) = (cache_folder() / "features").iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    np.testing.assert_array_equal(features.features_of(job.task, "train", steps), first)
    assert words == [90, 90]


def test_features_of_other_weights_or_data_are_never_read(steps, job, words, monkeypatch):
    features.features_of(job.task, "train", steps)
    monkeypatch.setitem(ENCODERS, "caption", ENCODERS["caption"]._replace(weights="others"))
    features.features_of(job.task, "train", steps)
    features.features_of(replace(job.task, scenario=job.task.scenario.model_copy(update={"seed": 9})), "train", None)
    assert words == [90, 90, 90]
    for part in ("train/free", "train"):  # as many samples; without a manifest only the name tells them apart
        features.features_of(replace(job.task, scenario=job.task.scenario.model_copy(update={"seed": 9})), part, None)
    assert words == [90] * 4


@pytest.mark.usefixtures("words")
def test_only_what_is_missing_is_computed(steps, job):
    rung = job.task
    assert [work.part for work in features.missing([rung, rung], steps)] == list(rung.scenario.parts)
    features.features_of(rung, "val", steps)
    assert "val" not in [work.part for work in features.missing([rung], steps)]


def test_a_missing_encoder_says_what_to_install(job, monkeypatch):
    monkeypatch.setitem(ENCODERS, "caption", ENCODERS["caption"]._replace(packages=("no_such_one",)))
    with pytest.raises(SubmissionError, match=r"a pretrained encoder needs no_such_one, not installed here; run .*pip"):
        check_backbones([job])


@pytest.mark.usefixtures("words")
def test_rungs_are_nested_and_counterexamples_replace_the_last_samples(steps, job):
    bottom = plan(steps, ["few-0"], baseline_specs(["erm"]), [0])[0]
    low, high = fitted(bottom, "train"), fitted(job, "train")
    assert len(low.labels) == len(high.labels) == 90
    np.testing.assert_array_equal(low.inputs.features[:84], high.inputs.features[:84])
    assert (high.group_ids % 2).tolist() == [0] * 84 + [1] * 6
    assert sorted(high.labels[84:].tolist()) == [0, 0, 1, 1, 2, 2]
    assert (fitted(job, "val").group_ids % 2).sum() == 16


@pytest.mark.usefixtures("words")
def test_training_gets_the_counterexamples_of_hidden_shortcuts_and_is_not_told_of_them(job):
    secret = job.task.scenario.model_copy(update={"hidden": ("hue",)})
    mole = replace(job, task=replace(job.task, scenario=secret), frozen=None)
    assert (mole.task.annotated, set(mole.task.channels)) == (("place",), {"place", "hue"})
    train = fitted(mole, "train")
    hue, place = (train.channel_values[name] != train.labels for name in ("hue", "place"))
    assert hue.tolist() == [True] * 6 + [False] * 84
    assert place.tolist() == [False] * 84 + [True] * 6
    assert (train.group_ids % 2).tolist() == place.tolist()
    told = labeled(mole, "train", train, "train_groups").channel_values["shortcuts"]
    np.testing.assert_array_equal(told, train.channel_values["place"])
    val = fitted(mole, "val")
    assert (val.channel_values["hue"] != val.labels).sum() == 16


@pytest.mark.usefixtures("words")
def test_an_access_tier_gets_what_it_declares_and_twins_are_the_same_scenes(job):
    train = fitted(job, "train")
    none, groups, twins = (labeled(job, "train", train, access) for access in ("none", "train_groups", "twins"))
    assert none.group_ids is none.channel_values is none.twins is none.env_ids is None
    assert list(groups.channel_values) == ["shortcuts"]
    assert (groups.num_groups, sorted(set(groups.env_ids.tolist()))) == (6, [0, 1])
    # The last six are counterexamples from the end; a twin has the same scene.
    free = make_part(job, "train/free")
    np.testing.assert_array_equal(twins.twins.features[:84], free.inputs.features[:84])
    np.testing.assert_array_equal(twins.twins.features[84:], free.inputs.features[:83:-1])


@pytest.mark.parametrize("hidden", [(), ("hue",)])
@pytest.mark.parametrize("access", ACCESS)
def test_a_tier_that_sees_no_groups_on_val_gets_no_counterexamples_there(job, write_submission, access, hidden):
    secret = job.task.scenario.model_copy(update={"hidden": hidden})
    task = replace(job.task, scenario=secret)
    theirs = replace(
        job, task=task, frozen=None, spec=write_submission("def predict(batch): ..."), submission_sha256=""
    )
    val = fitted(theirs, "val")
    given = labeled(theirs, "val", val, access)
    counters = 0 if access in ("none", "envs") else 16 * (1 + bool(hidden))
    misled = [val.channel_values[name] != val.labels for name in task.channels]
    ours = [caption for caption, misleads in zip(val.inputs.captions, np.any(misled, axis=0), strict=True) if misleads]
    assert len(ours) == 16 * (1 + bool(hidden))
    assert len(set(given.captions) & set(ours)) == counters
    assert len(given.labels) == len(val.labels) - len(ours) + counters


@pytest.mark.usefixtures("words", "coarse")
def test_draws_of_a_matched_control_are_disjoint(job):
    job = replace(job, uncorrelated=True)
    whole = fitted(job, "train").inputs.features
    for draw in range(3):
        few = fitted(replace(job, matched=True, draw=draw), "train").inputs.features
        np.testing.assert_array_equal(few, whole[6 * draw : 6 * draw + 6])


@pytest.mark.usefixtures("words", "coarse")
def test_controls_train_on_shortcuts_at_random_a_matched_one_on_as_many_samples_as_counterexamples(job):
    job = replace(job, uncorrelated=True)
    whole, few = (fitted(each, "train") for each in (job, replace(job, matched=True)))
    assert len(set(zip(whole.labels.tolist(), whole.channel_values["hue"].tolist(), strict=True))) > 10
    np.testing.assert_array_equal(few.inputs.features, whole.inputs.features[:6])
    assert sorted(few.labels.tolist()) == [0, 0, 1, 1, 2, 2]
    val = [fitted(each, "val").labels for each in (job, replace(job, matched=True))]
    np.testing.assert_array_equal(*val)
    result = run(replace(job, matched=True)).result
    assert (result.error, result.uncorrelated, result.matched) == (None, True, True)


def test_a_submission_gets_captions_and_no_features(steps, write_submission):
    code = """
import numpy as np
def fit(train, val, context):
    assert train.batch.features is None and len(train.captions) == 90, train.batch
    assert context.class_names == ("animal", "vehicle", "food") and context.backbone == "frozen"
def predict(batch):
    assert batch.images is None and batch.features is None
    return np.zeros((len(batch), 3)) + np.arange(3)
"""
    assert result_of(steps, write_submission(code)).result.error is None


@pytest.mark.slow
@pytest.mark.minilm
def test_where_the_encoder_is_trained_baselines_get_captions_and_no_features_are_computed(steps, job):
    job = replace(job, options={"epochs": 1})
    tuned = replace(job, task=replace(job.task, backbone="finetuned"))
    assert features.missing([tuned.task], steps) == []
    train = fitted(tuned, "train").inputs
    assert (train.features, len(train.captions)) == (None, 90)
    result = run(tuned).result
    assert (result.error, [line["epoch"] for line in result.report.curves]) == (None, [1])
    assert result.identity != job.identity
