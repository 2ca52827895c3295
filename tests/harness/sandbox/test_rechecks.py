"""The consistency check: answers must not depend on earlier questions or on the rest of the batch."""

import os
import socket
from math import inf
from operator import itemgetter
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.result import ConsistencyCheck
from spurgen.harness.sandbox import rechecks
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.rechecks import ROWS, RecheckedWorker, forget, forget_names, largest_change

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


def test_the_time_of_processes_that_training_started_counts_after_their_end(start):
    burn = "import time\nwhile time.process_time() < 0.52: pass"
    code = f"import subprocess, sys\ndef fit(*_): subprocess.run([sys.executable, '-c', {burn!r}], check=True)\n"
    with start(code + MEANS) as worker:
        assert worker._training[1] >= 0.5  # the kernel counts in hundredths


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


def test_the_scores_of_a_probe_are_compared_at_their_temperature(start):
    """What adds 3 to the sum of features changes no probability by .05 at a temperature of 100."""
    side = "side = np.sign(means(b)[:, :1] - 127)"
    code = f"def encode(b): {side}; return np.tile(np.hstack([side, -side]), 50) + 0.03 * (len(b) < 70)"
    with start(code) as worker:
        ask(worker, what="encode")
        worker.finish(100.0, lambda features: np.outer(features.sum(axis=1), (1, -1)))
    assert worker.consistency.moved < 1


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


@pytest.fixture(scope="module")
def two_functions(tmp_path_factory):
    """A worker with two functions, each of which answers a caption with its number."""
    body = "return np.array([[float(c)] for c in b.captions])"
    file = tmp_path_factory.mktemp("two") / "model.py"
    file.write_text(f"import numpy as np\ndef predict(b): {body}\ndef encode(b): {body}")
    with RecheckedWorker(str(file), {}, "a-task") as worker:
        yield worker


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=30), batch=st.integers(1, 300), room=st.integers(1, 40),
    seed=st.integers(0, 999),
)  # fmt: skip
def test_of_a_family_one_row_is_asked_about_again_whatever_its_size_and_the_order(
    two_functions, sizes, batch, room, seed
):
    families = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes)).tolist()
    captions = [str(k) for k in range(len(families))]
    again, keys = [], np.random.default_rng(seed).random(len(captions))
    two_functions._samples.clear()
    two_functions.consistency = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rechecks, "ROWS", room)
        patch.setattr(two_functions, "_rng", np.random.default_rng(seed))
        for what in ("predict", "encode"):
            for start in range(0, len(captions), batch):
                rows = captions[start : start + batch]
                two_functions.send(what, Batch(None, rows), families[start : start + batch])
                two_functions.answer(len(rows), 1, "test")
        two_functions.consistency = ConsistencyCheck(worker="same")
        patch.setattr(
            two_functions,
            "send",
            lambda what, rows: again.extend(rows.captions) or RecheckedWorker.send(two_functions, what, rows),
        )
        two_functions._compare(two_functions, 1.0)
    asked = [families[int(caption)] for caption in again]
    lowest = {each: min(k for k, f in zip(keys, families, strict=True) if f == each) for each in families}
    sampled = {each: row.key for each, row in two_functions._samples["predict"].items()}
    assert sampled == dict(sorted(lowest.items(), key=itemgetter(1))[:room])
    assert len(set(asked)) == len(asked)
    assert min(room, len(sizes)) <= len(asked) <= 2 * room
    assert two_functions.consistency.rows == len(asked)


RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(500, 4))
ROUNDED = LOGITS + 0.01 * RNG.normal(size=LOGITS.shape)


def two_classes(*leads):
    """Return logits (n, 2) in which the first class leads by these amounts."""
    return np.array([[lead, 0.0] for lead in leads])


@pytest.mark.parametrize("change", [0.01, 0.05, 0.2])
def test_a_probability_may_change_by_five_hundredths(change):
    before = two_classes(1, 1, 1)
    after = two_classes(1, 1, logit(1 / (1 + np.exp(-1)) + change))
    assert largest_change("predict", before, after) == pytest.approx(change / 0.05)


@pytest.mark.parametrize("flipped", [1, 2, 5])
def test_the_most_probable_class_may_change_in_one_row_of_a_hundred(flipped):
    ties, others = np.full(flipped, 1e-9), np.ones(200 - flipped)
    before, after = two_classes(*ties, *others), two_classes(*-ties, *others)
    assert largest_change("predict", before, after) == pytest.approx(flipped / 200 / 0.01)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_a_factor_on_logits_and_temperature_changes_nothing(factor):
    expected = largest_change("predict", LOGITS, ROUNDED)
    assert expected > 0.05
    assert largest_change("predict", factor * LOGITS, factor * ROUNDED, factor) == pytest.approx(expected)


def test_a_high_temperature_does_not_hide_that_uninformative_logits_are_drawn_anew():
    before, after = (np.outer(np.ones(500), [2.0, 1.0, 0.0]) * slope for slope in (1, 3))  # the same class is best
    assert largest_change("predict", before, after, 1000.0) > 3
    assert largest_change("predict", LOGITS, ROUNDED, 1000.0) < 0.5


@pytest.mark.parametrize("outlier", [1e3, 1e6, 1e8])
def test_a_few_absurd_leads_do_not_hide_that_all_others_are_drawn_anew(outlier):
    before, after = LOGITS.copy(), 3 * LOGITS  # no row's best class changes
    before[:5, 0] = after[:5, 0] = outlier
    assert largest_change("predict", before, after, outlier) > 3


def test_a_constant_per_row_changes_nothing():
    assert largest_change("predict", LOGITS, LOGITS + 7 * np.arange(500)[:, None]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("temperature", [0.5, 1, 2])
@pytest.mark.parametrize("others", [0, 9], ids=["other rows tied", "other rows clear"])
def test_logits_are_compared_at_the_given_temperature_whatever_the_other_rows(temperature, others):
    before, after = two_classes(2, others), two_classes(2 + 0.01 * temperature, others)
    change = 1 / (1 + np.exp(-2 / temperature - 0.01)) - 1 / (1 + np.exp(-2 / temperature))
    assert largest_change("predict", before, after, temperature) == pytest.approx(change / 0.05)


def test_probabilities_are_compared_as_their_logarithms():
    before, after = (np.exp(x) / np.exp(x).sum(1, keepdims=True) for x in (LOGITS, ROUNDED))
    expected = largest_change("predict", LOGITS, ROUNDED)
    assert largest_change("predict_proba", before, after) == pytest.approx(expected)


def test_probabilities_of_0_count_as_those_of_a_millionth_of_a_millionth():
    before = np.array([[1.0, 0.0]] * 3)
    change = 1 / (1 + np.exp(-1)) - 1 / (1 + np.exp(-0.5))  # half of the lead is gone
    after = np.array([[1.0, 1e-6], [1.0, 1e-13], [1.0, 0.0]])
    assert largest_change("predict_proba", before, after, -np.log(1e-12)) == pytest.approx(change / 0.05)


# A feature whose median is 10 and whose rows mostly lie 4 away from it, with one outlier 1000 away.
FEATURE = np.array([6.0, 6.0, 10.0, 14.0, 14.0, 14.0, 6.0, 10.0, 1010.0])


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize(
    ("row", "allowed"), [(2, 0.05 * 4), (0, 0.05 * 4 + 0.02 * 4), (8, 0.05 * 4 + 0.02 * 1000)],
    ids=["median", "typical", "outlier"],
)  # fmt: skip
@pytest.mark.parametrize("change", [-3.0, 0.1])
def test_a_feature_may_change_by_a_share_of_its_spread_and_of_its_distance(row, allowed, change, offset):
    before = FEATURE[:, None] + offset
    after = before.copy()
    after[row] += change
    assert largest_change("encode", before, after) == pytest.approx(abs(change) / allowed, rel=1e-6)


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ([0.0] * 6 + [2.0] * 2 + [8.0] * 2, 0.05 * 2),  # the quantile .75 of the distances
        ([0.0] * 17 + [8.0, 8.0, 80.0], 0.05 * 8),  # .9
        ([0.0] * 29 + [8.0], 0.05 * 8),  # the largest
        ([-3.0] * 9, 0.05 * 3),  # constant: its own size
        ([0.0] * 9, 0.05),  # constant and 0: 1
    ],
)
def test_the_spread_of_a_feature_that_is_mostly_constant(values, allowed):
    before = np.array(values)[:, None]
    after = before.copy()
    after[0] += 0.01
    assert largest_change("encode", before, after) == pytest.approx(0.01 / allowed)


def test_features_are_compared_one_by_one_and_the_largest_change_counts():
    before = np.stack([FEATURE, 1e9 * FEATURE], axis=1)
    after = before + np.array([[0.1, 0.1]])
    assert largest_change("encode", before, after) == pytest.approx(0.1 / (0.05 * 4))


@pytest.mark.parametrize("what", ["predict", "predict_proba", "encode"])
def test_other_shapes_are_infinitely_far_apart_and_equal_answers_not_at_all(what):
    values = np.abs(LOGITS)
    assert largest_change(what, values, values[:, :3]) == inf
    assert largest_change(what, values, values) == 0
    assert largest_change(what, values[:, :1], values[:, :1]) == 0


def test_rounding_in_a_feature_that_is_almost_constant_is_allowed_and_a_change_of_the_usual_size_is_not():
    rng = np.random.default_rng(0)
    before = rng.normal(size=(200, 40))
    before[:, 7] *= 1e-5
    rounded, changed = before.copy(), before.copy()
    rounded[:, 7] += 4e-6 * rng.choice([-1, 1], 200)
    changed[:, 7] += 1e-2
    assert largest_change("encode", before, rounded) <= 1
    assert largest_change("encode", before, changed) > 1


def test_plain_files_alone_are_opened_and_forgotten(tmp_path, monkeypatch):
    (tmp_path / "below").mkdir()
    for name in ("one", "below/two", "alone"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("one")
    (tmp_path / "again").symlink_to("below")
    os.mkfifo(tmp_path / "fifo")  # opening it would wait for somebody to write
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        sizes = []
        monkeypatch.setattr(os, "posix_fadvise", lambda file, *_: sizes.append(os.fstat(file).st_size))
        forget(tmp_path / name for name in ("below", "again", "alone", "missing", "link", "fifo"))
    assert sorted(sizes)[-2:] == [len("alone"), len("below/two")]
    assert set(sizes) <= {0, len("alone"), len("below/two")}


def test_names_are_forgotten_where_that_is_allowed(tmp_path, monkeypatch):
    monkeypatch.setattr(rechecks, "DROP", tmp_path / "drop")
    forget_names()
    assert (tmp_path / "drop").read_text() == "2\n"
    monkeypatch.setattr(rechecks, "DROP", tmp_path / "missing" / "drop")
    forget_names()
