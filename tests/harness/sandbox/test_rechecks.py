"""Answers that depend on when, or in what company, one asks."""

import numpy as np
import pytest

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.sandbox import rechecks
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.rechecks import KEPT, WatchedWorker

IMAGES = np.random.default_rng(0).integers(0, 256, (900, 8, 8, 3)).astype(np.uint8)
HEAD = "import numpy as np\ncount = 0\nseen = {}\ndef means(b): return b.images.mean((1, 2))\n"
TRAINS = "def fit(train, val, context): ...\n"
SLOW = "import time\ndef fit(train, val, context): time.sleep(0.3)\n"


@pytest.fixture
def asked_again(write_submission):
    """Returns a function that asks a submission in three batches, and then again; what became of it."""

    def run(body, head="", what="predict"):
        code = f"{HEAD}{head}def {what}(b):\n    global count\n    count += 1\n    {body}"
        with WatchedWorker(write_submission(code), {}, "a-task", Limits(retrain_seconds=0.2)) as worker:
            if "def fit" in head:
                data = LabeledData(Batch(IMAGES[:4], None), np.arange(4), 6)
                worker.fit(data, data, Context(("a", "b", "c"), "image", 8, "cpu", 0, worker.scratch))
            for some in np.split(IMAGES, (300, 600)):
                worker.send(what, Batch(some, None))
                worker.answer(len(some), None if what == "encode" else 3, "test")
            worker.ask_again()
            return worker.asked_again

    return run


@pytest.mark.parametrize(("head", "where"), [("", "fresh"), (TRAINS, "fresh"), (SLOW, "same")])
@pytest.mark.parametrize("what", ["predict", "encode"])
def test_honest_answers_come_again_and_the_row_says_from_where(asked_again, head, where, what):
    assert asked_again("return means(b)", head, what) == {"worker": where, "rows": KEPT, "moved": 0.0}


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("predict", "return means(b) * (1 + 1e-5 * (len(b) < 70))"),
        ("encode", "return means(b) * (1 + 1e-5 * (len(b) < 70))"),
        ("encode", "return np.maximum(means(b) - 130, 0) * (1 + 4e-3 * (len(b) < 70))"),  # mostly 0, in bfloat16
        ("encode", "return np.exp(means(b) / 3) * (1 + 4e-3 * (len(b) < 70))"),  # some lie far out
        ("encode", "return np.full((len(b), 2), 0.5 + 1e-7 * (len(b) < 70))"),
    ],
)
def test_rounding_by_another_order_of_sums_is_allowed(asked_again, what, body):
    found = asked_again(body, TRAINS, what)
    assert 0 < found["moved"] < 1


@pytest.mark.parametrize("head", ["", TRAINS, SLOW])
@pytest.mark.parametrize(
    "body",
    [
        "return means(b) - means(b).mean(0)",  # as batch normalisation in train mode
        "return means(b) + np.random.default_rng().normal(size=(len(b), 3)) * 9",  # as dropout in train mode
        "return means(b) if count < 3 else means(b)[:, ::-1]",  # warms up
        "return means(b)[::-1] if len(b) < 70 else means(b)",  # knows the size of a batch
        "return np.where(np.arange(len(b))[:, None] < 5, 0.0, means(b))",  # knows a row's place
    ],
)
def test_answers_that_depend_on_the_batch_or_on_what_was_asked_before_fail(asked_again, head, body):
    with pytest.raises(SubmissionError, match="predict answers the same inputs differently when asked again"):
        asked_again(body, head)


REMEMBERS = "return np.stack([seen.setdefault(i.tobytes(), np.eye(3)[len(seen) % 3]) for i in b.images])"


@pytest.mark.parametrize("head", ["", TRAINS])
def test_a_memory_of_earlier_questions_does_not_help_in_a_fresh_process(asked_again, head):
    trained = ", trained with the same seed" if head else ""
    with pytest.raises(SubmissionError, match=f"in other batches by a fresh process{trained}: "):
        asked_again(REMEMBERS, head)


def test_where_training_is_long_a_memory_is_not_found_and_the_row_says_so(asked_again):
    assert asked_again(REMEMBERS, SLOW)["worker"] == "same"


@pytest.mark.parametrize(
    "hiding",
    [
        "+ 1e9 * (b.images.sum((1, 2, 3)) % 2)[:, None]",  # the same for all classes: no score sees it
        "* 1e-9",
        "* np.where(b.images.sum((1, 2, 3)) % 7 == 0, 1e9, 1.0)[:, None]",
    ],
)
def test_no_scale_hides_that_answers_are_others(asked_again, hiding):
    with pytest.raises(SubmissionError, match="answers the same inputs differently"):
        asked_again(f"return np.eye(3)[(np.arange(len(b)) + count) % 3] {hiding}")


@pytest.mark.parametrize(
    "body",
    [
        "return np.column_stack([means(b) + count, 1e9 * means(b)])",
        "return (means(b) + 9 * count) * np.where(b.images.sum((1, 2, 3)) % 7 == 0, 1e9, 1.0)[:, None]",
        "return 1e5 + means(b) + 9 * count",
    ],
)
def test_neither_scale_nor_offset_nor_outliers_hide_that_features_changed(asked_again, body):
    with pytest.raises(SubmissionError, match="encode answers the same inputs differently"):
        asked_again(body, what="encode")


def test_what_no_float32_holds_cannot_be_told_either(ask_worker, write_submission):
    spec = write_submission("import numpy as np\ndef encode(b): return 1e12 + np.arange(4.0)[:, None]")
    assert np.ptp(ask_worker(spec, Limits(), "encode", None)) == 0


def test_every_row_is_as_likely_to_be_kept(write_submission, monkeypatch):
    monkeypatch.setattr(rechecks, "KEPT", 30)
    images = np.repeat(np.arange(90, dtype=np.uint8), 3 * 4).reshape(90, 2, 2, 3)
    counts = np.zeros(90, int)
    with WatchedWorker(write_submission(f"{HEAD}def predict(b): return means(b)"), {}, "a-task") as worker:
        for _ in range(60):
            worker._some.clear()
            for some in np.split(images, (20, 45)):
                worker.send("predict", Batch(some, None))
                worker.answer(len(some), 3, "test")
            kept = [int(one.images[0, 0, 0, 0]) for one in worker._some["predict"].inputs]
            assert len(set(kept)) == 30
            assert [row[0] for row in worker._some["predict"].answers] == kept
            counts[kept] += 1
    thirds = [part.mean() for part in np.split(counts, (20, 45))]
    assert thirds == pytest.approx([20] * 3, abs=3)  # of 60 times a third; the standard error is under 1


def test_large_pictures_are_kept_in_smaller_number(write_submission, monkeypatch):
    monkeypatch.setattr(rechecks, "KEPT_BYTES", 10 * 8 * 8 * 3)
    with WatchedWorker(write_submission(f"{HEAD}def predict(b): return means(b)"), {}, "a-task") as worker:
        worker.send("predict", Batch(IMAGES, None))
        worker.answer(len(IMAGES), 3, "test")
        worker.ask_again()
    assert worker.asked_again["rows"] == 10


def test_a_model_is_asked_again_before_it_goes_back_to_a_checkpoint(write_submission):
    code = f"""{HEAD}
place = 1.0
def fit(train, val, context): ...
def checkpoints(): return 2
def restore(k):
    global place
    place = 7.0
def predict(b): return means(b) * place
"""
    with WatchedWorker(write_submission(code), {}, "a-task") as worker:
        worker.send("predict", Batch(IMAGES, None))
        worker.answer(len(IMAGES), 3, "test")
        worker.restore(0)
        assert worker.asked_again["moved"] == 0
        worker.ask_again()
        worker.send("predict", Batch(IMAGES[:1], None))
        assert worker.answer(1, 3, "test") == pytest.approx(7 * IMAGES[:1].mean((1, 2)), rel=1e-5)
