"""The consistency check: answers must not depend on earlier questions or on the rest of the batch."""

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.result import ConsistencyCheck
from spurgen.harness.sandbox import rechecks
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.rechecks import ROWS, RecheckedWorker

IMAGES = np.random.default_rng(0).integers(0, 256, (900, 8, 8, 3)).astype(np.uint8)
HEAD = "import numpy as np\ncount = 0\nseen = {}\ndef means(b): return b.images.mean((1, 2))\n"
TRAINS = "def fit(train, val, context): ...\n"
# What a submission does before it answers, how long a training may take to be repeated, and who is then asked.
NO_TRAINING, SHORT_TRAINING, LONG_TRAINING = ("", 600.0, "fresh"), (TRAINS, 600.0, "fresh"), (TRAINS, 0.0, "same")


MEANS = "def predict(b): return means(b)"
DATA = LabeledData(Batch(IMAGES[:4], None), np.arange(4), 6)


@pytest.fixture
def start(write_submission):
    """Return a function that starts a submission in a plain process, trained if it has `fit`."""

    def begin(code=MEANS, retrain_seconds=20.0):
        limits = Limits(isolation="process", retrain_seconds=retrain_seconds)
        worker = RecheckedWorker(write_submission(HEAD + code), {}, "a-task", limits)
        if "fit" in worker.about.offers:
            worker.fit(DATA, DATA, Context(("a", "b", "c"), "image", 8, "cpu", 0, worker.scratch))
        return worker

    return begin


def ask(worker, images=IMAGES, what="predict"):
    worker.send(what, Batch(images, None))
    return worker.answer(len(images), None if what == "encode" else 3, "test")


def checked(worker):
    """Return what comes of the consistency check."""
    worker.finish(1.0)
    return worker.consistency


@pytest.fixture
def recheck(start):
    """Return a function that asks a submission in three batches, checks it, and returns the outcome."""

    def run(body, training=NO_TRAINING, what="predict", as_logits=None):
        head, retrain_seconds, _ = training
        code = f"{head}def {what}(b):\n    global count\n    count += 1\n    {body}"
        with start(code, retrain_seconds) as worker:
            answers = [ask(worker, images, what) for images in np.split(IMAGES, (300, 600))]
            worker.finish(1.0 if what == "encode" else float(np.concatenate(answers).std()) or 1.0, as_logits)
            return worker.consistency

    return run


@pytest.mark.parametrize(
    ("training", "what"),
    [(NO_TRAINING, "predict"), (SHORT_TRAINING, "predict"), (LONG_TRAINING, "predict"), (SHORT_TRAINING, "encode")],
)
def test_honest_answers_pass_and_the_outcome_says_who_was_asked(recheck, training, what):
    assert recheck("return means(b)", training, what) == ConsistencyCheck(worker=training[2], rows=ROWS, moved=0.0)


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("predict", "return means(b) * (1 + 1e-5 * (len(b) < 70))"),
        ("encode", "return means(b) * (1 + 1e-5 * (len(b) < 70))"),
        ("encode", "return np.maximum(means(b) - 130, 0) * (1 + 4e-3 * (len(b) < 70))"),  # mostly 0, in bfloat16
        ("encode", "return np.exp(means(b) / 3) * (1 + 4e-3 * (len(b) < 70))"),  # with outliers
        ("encode", "return np.full((len(b), 2), 0.5 + 1e-7 * (len(b) < 70))"),
    ],
)
def test_rounding_in_other_batches_is_allowed(recheck, what, body):
    assert 0 < recheck(body, SHORT_TRAINING, what).moved < 1


@pytest.mark.parametrize(
    ("training", "body"),
    [
        (NO_TRAINING, "return means(b) - means(b).mean(0)"),  # as batch normalisation in train mode
        # as dropout in train mode
        (SHORT_TRAINING, "return means(b) + np.random.default_rng().normal(size=(len(b), 3)) * 9"),
        (LONG_TRAINING, "return means(b) if count < 3 else means(b)[:, ::-1]"),  # warms up
        (LONG_TRAINING, "return means(b)[::-1] if len(b) < 70 else means(b)"),  # depends on the size of a batch
        # depends on a row's place
        (NO_TRAINING, "return np.where(np.arange(len(b))[:, None] < 5, 0.0, means(b))"),
    ],
)
def test_answers_that_depend_on_the_batch_or_on_earlier_questions_fail(recheck, training, body):
    with pytest.raises(SubmissionError, match="predict answers the same inputs differently when asked again"):
        recheck(body, training)


REMEMBERS = "return np.stack([seen.setdefault(i.tobytes(), np.eye(3)[len(seen) % 3]) for i in b.images])"


@pytest.mark.parametrize("training", [NO_TRAINING, SHORT_TRAINING])
def test_a_fresh_process_reveals_a_memory_of_earlier_questions(recheck, training):
    trained = ", trained with the same seed" if training[0] else ""
    with pytest.raises(SubmissionError, match=f"in other batches by a fresh process{trained}: "):
        recheck(REMEMBERS, training)


def test_the_same_process_does_not_reveal_a_memory(recheck):
    assert recheck(REMEMBERS, LONG_TRAINING).worker == "same"


@pytest.mark.parametrize(
    "hiding",
    [
        "+ 1e6 * (b.images.sum((1, 2, 3)) % 2)[:, None]",  # the same for all classes: no score sees it
        "* 1e-9",
        "* np.where(b.images.sum((1, 2, 3)) % 7 == 0, 1e6, 1.0)[:, None]",
    ],
)
def test_no_scale_hides_a_change(recheck, hiding):
    with pytest.raises(SubmissionError, match="answers the same inputs differently"):
        recheck(f"return np.eye(3)[(np.arange(len(b)) + count) % 3] {hiding}")


@pytest.mark.parametrize(
    "body",
    [
        "return np.column_stack([means(b) + count, 1e9 * means(b)])",
        "return (means(b) + 9 * count) * np.where(b.images.sum((1, 2, 3)) % 7 == 0, 1e9, 1.0)[:, None]",
        "return 1e5 + means(b) + 9 * count",
    ],
)
def test_neither_scale_nor_offset_nor_outliers_hide_a_change_of_features(recheck, body):
    with pytest.raises(SubmissionError, match="encode answers the same inputs differently"):
        recheck(body, what="encode")


def test_a_change_that_many_features_hide_is_seen_in_the_scores_of_a_probe(recheck):
    """Pairs of features cancel, so that their sum is only what a small change adds to each."""
    body = "side = np.sign(means(b)[:, :1] - 127); return np.tile(np.hstack([side, -side]), 50) + 0.03 * (len(b) < 70)"
    assert 0 < recheck(body, what="encode").moved < 1

    def sums(features):
        total = features.sum(axis=1)
        return np.stack([total, -total], axis=1)

    with pytest.raises(SubmissionError, match="encode answers the same inputs differently"):
        recheck(body, what="encode", as_logits=sums)


def test_features_are_rounded_to_float32(ask_worker, write_submission):
    spec = write_submission("import numpy as np\ndef encode(b): return 1e12 + np.arange(4.0)[:, None]")
    assert np.ptp(ask_worker(spec, Limits(), "encode", None)) == 0


def test_every_row_is_equally_likely_to_be_sampled(start, monkeypatch):
    monkeypatch.setattr(rechecks, "ROWS", 30)
    images = np.repeat(np.arange(90, dtype=np.uint8), 3 * 4).reshape(90, 2, 2, 3)
    counts, samples = np.zeros(90, int), []
    with start() as worker:
        for _ in range(60):
            worker._samples.clear()
            for part in np.split(images, (20, 45)):
                ask(worker, part)
            sample = worker._samples["predict"]
            drawn = [int(row.input.images[0, 0, 0, 0]) for row in sample.values()]
            assert len(set(drawn)) == 30
            assert [row.answer[0] for row in sample.values()] == drawn
            counts[drawn] += 1
            samples.append(frozenset(drawn))
    thirds = [part.mean() for part in np.split(counts, (20, 45))]
    assert thirds == pytest.approx([20] * 3, abs=3)  # of 60 times a third; the standard error is under 1
    assert len(set(samples)) == 60  # nobody knows which


def test_nobody_knows_which_answers_are_asked_for_again(start):
    with start() as one, start() as other:
        assert one._rng.random() != other._rng.random()


def test_fewer_rows_of_large_images_are_sampled(start, monkeypatch):
    monkeypatch.setattr(rechecks, "MAX_BYTES", 10 * 8 * 8 * 3)
    with start() as worker:
        ask(worker)
        assert checked(worker).rows == 10


def test_the_fresh_worker_starts_when_the_first_one_has_ended(start, monkeypatch):
    alive = []
    started = rechecks.Worker

    def second(*arguments):
        alive.append(first.process.process.poll() is None)
        return started(*arguments)

    with start() as first:
        monkeypatch.setattr(rechecks, "Worker", second)
        ask(first)
        checked(first)
    assert alive == [False]


@pytest.mark.parametrize(
    ("training", "device", "asked"),
    [
        ("time.sleep(0.8)", "cpu", "fresh"), ("while time.process_time() < 0.8: ...", "cpu", "same"),
        ("...", "cuda", "same"),
    ],
)  # fmt: skip
def test_only_cpu_time_or_a_gpu_keeps_a_training_from_being_repeated(start, training, device, asked):
    with start(f"import time\ndef fit(train, val, context):\n    {training}\n{MEANS}", 0.3) as worker:
        worker.device = device
        worker.finish(1.0)
    assert worker.consistency.worker == asked


def test_a_bug_of_ours_in_the_check_is_raised_as_itself(recheck, monkeypatch):
    monkeypatch.setattr(rechecks, "largest_change", Mock(side_effect=ZeroDivisionError))
    with pytest.raises(ZeroDivisionError):
        recheck("return means(b)")


@pytest.mark.needs("bubblewrap")
def test_what_is_in_memory_of_a_submissions_own_files_is_forgotten_as_well(write_submission, forgotten):
    spec = write_submission("FILES = ['weights.bin']\ndef predict(b): return [[0.0]] * len(b)")
    weights = Path(spec).with_name("weights.bin")
    weights.write_bytes(b"weights")
    RecheckedWorker(spec, {}, "a-task", Limits(forget_pages=True, isolation="bubblewrap")).close()
    assert {Path(spec), weights, "names"} <= {*forgotten}
