"""Logits from `predict`, `predict_proba` or `encode`, with a fake worker."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import sample
from spurgen.harness.running import query
from spurgen.harness.running.data import CALIBRATION, fitted, pieces_of
from spurgen.harness.running.plan import plan_unfrozen
from spurgen.harness.running.query import CHUNK, POOL_ROWS, Asker, Chunk, Pool, ask_mixed, collect, count_rows, cut, mix
from spurgen.harness.running.run import maker
from spurgen.harness.sandbox.rechecks import RecheckedWorker
from spurgen.harness.worker.protocol import MAX_WIDTH


class Echo:
    """A fake asker that returns each caption, which is a number, as its logit; records the batches."""

    def __init__(self):
        self.batches, self.base_of = [], lambda part: (part, 10**6)

    def logits(self, questions, where):
        del where
        for batch, _ in questions:
            self.batches.append([int(caption) for caption in batch.captions])
            yield np.array(self.batches[-1], float)[:, None]


@settings(max_examples=30)
@given(
    sizes=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 2500), min_size=1),
    chunk=st.integers(100, 1000),
    seed=st.integers(0, 99),
)
def test_outputs_are_returned_in_order_for_any_mixing(sizes, chunk, seed):
    rows = {part: [f"{k}" for k in range(5000 * n, 5000 * n + size)] for n, (part, size) in enumerate(sizes.items())}
    chunks = [Chunk(p, a, Batch(None, rows[p][a : a + chunk])) for p in rows for a in range(0, len(rows[p]), chunk)]
    order = np.random.default_rng(seed).permutation(len(chunks))
    outputs = ask_mixed(Echo(), "logits", [chunks[k] for k in order], np.random.default_rng(seed), "test")
    assert outputs.keys() == rows.keys()
    for part, captions in rows.items():
        assert outputs[part].ravel().tolist() == [int(caption) for caption in captions]


@pytest.mark.parametrize("turn", ["len(seen)", "k"])
def test_a_model_that_predicts_by_the_order_of_rows_is_at_chance(result_of, write_submission, turn, monkeypatch):
    monkeypatch.setattr(RecheckedWorker, "finish", lambda *_: None)  # it would fail this model
    code = """
import numpy as np
seen = []
def predict(batch):
    answers = []
    for k in range(len(batch)):
        answers.append(5 * np.eye(3)[TURN % 3])
        seen.append(k)
    return np.array(answers)
""".replace("TURN", turn)
    result = result_of(write_submission(code))
    assert result.error is None
    assert result.metrics["accuracy"] < 0.6  # test labels run 0, 1, 2, 0, ...: queried in order, this would be 1
    assert result.metrics["uses_thing"] < 0.4  # as high as 1, if base samples and twins were asked in order


def test_scores_however_small_are_scored(result_of, write_submission):
    result = result_of(
        write_submission("import numpy as np\ndef predict(batch): return np.eye(3)[[0] * len(batch)] * 5e-324")
    )
    assert result.error is None
    assert result.metrics["temperature"] == 1  # they are all 0


def test_features_that_grow_after_training_are_an_error_of_the_submission(result_of, write_submission):
    code = """
import numpy as np
def fit(train, val, context):
    global known
    known = set(train.captions)
def encode(batch):
    return np.array([[len(c), c.count("o")] if c in known else [1e20 * len(c), -1e20] for c in batch.captions])
"""
    assert "encode's features give a linear probe on train scores of up to" in result_of(write_submission(code)).error


class Worker:
    """A fake worker that answers at once, with a function of the captions."""

    def __init__(self, function, *offers):
        self.function, self.about, self.families = function, SimpleNamespace(offers=offers), []

    def send(self, what, batch, families):
        assert len(families) == len(batch)
        self.what, self.batch = what, batch
        self.families += families

    def answer(self, count, width, where):
        del where
        assert count == len(self.batch)
        assert (width is None) == (self.what == "encode")
        return self.function(self.batch.captions)


def make_task(num_classes):
    fields = {"suite": "none", "name": "few", "seed": 3, "num_classes": num_classes, "image_size": 32}
    splits = {"train": 60, "val": 8, "test_per_group": 4, "twins": 2}
    return Task("few-text", make_scenario("t", channels={"color": {"values": 2}}, splits=splits, **fields), "text")


def fit_on_train(worker, num_classes=3, **more):
    """Return an asker of a fake worker whose probe is fitted on 60 samples, and their labels by caption."""
    task = make_task(num_classes)
    train = sample(task.scenario, "train", range(60), images=False)
    worker.class_of = dict(zip(train.captions, train.labels.tolist(), strict=True))
    asker = Asker(worker, task, **more)
    asker.fit_probe(train.inputs, train.labels)
    return asker


def noise(width):
    rng = np.random.default_rng(0)
    return Worker(lambda captions: rng.normal(size=(len(captions), width)).astype(np.float32), "encode")


@pytest.mark.parametrize(("width", "values", "rows"), [(3, 1 << 26, 60), (3, 180, 60), (3, 179, 59), (40, 900, 22)])
def test_the_probe_is_fitted_on_a_bounded_number_of_features(monkeypatch, width, values, rows):
    monkeypatch.setattr(query, "PROBE_VALUES", values)
    scaler, classifier = (step for _, step in fit_on_train(noise(width)).probe.steps)
    assert (scaler.n_samples_seen_, classifier.max_iter) == (rows, 1000)
    assert (1 << 26) // MAX_WIDTH == 16384  # rows of the widest features that a submission may return


@pytest.mark.parametrize(("width", "asked"), [(3, 60), (40, 22), (60, 20)])
def test_no_more_rows_are_asked_for_than_the_probe_is_fitted_on(monkeypatch, width, asked):
    monkeypatch.setattr(query, "PROBE_VALUES", 900)
    monkeypatch.setattr(query, "CHUNK", 20)
    counts = []
    asker = fit_on_train(noise(width), answered=counts.append)
    assert sum(counts) == asked
    assert asker.probe.steps[0][1].n_samples_seen_ == min(asked, 900 // width)


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize(("work", "steps"), [(1 << 40, 1000), (60 * 3 * 3 * 7, 7), (1, 1)])
def test_the_steps_of_the_probe_are_bounded_by_its_size(monkeypatch, work, steps):
    monkeypatch.setattr(query, "PROBE_WORK", work)
    assert fit_on_train(noise(3)).probe.steps[1][1].max_iter == steps


@pytest.mark.parametrize("absurd", [0.0, 1e8])
def test_features_asked_for_in_two_parts_meet_their_labels_and_an_absurd_one_decides_nothing(monkeypatch, absurd):
    monkeypatch.setattr(query, "CHUNK", 20)

    def features(captions):
        classes = [worker.class_of[caption] for caption in captions]
        last = np.array([caption == [*worker.class_of][-1] for caption in captions])
        return (np.eye(3)[classes] + last[:, None] * absurd * np.array([1, -1, 1])).astype(np.float32)

    worker = Worker(features, "encode")
    assert fit_on_train(worker).probe.score(np.eye(3), np.arange(3)) == 1
    assert sorted(worker.families) == [("train", k) for k in range(60)]  # each row is of a family of its own


@pytest.mark.parametrize("num_classes", [2, 3])
def test_the_probe_on_an_encoder_predicts_the_class_encoded_in_the_features(num_classes):
    task = make_task(num_classes)
    train, val = (sample(task.scenario, split, range(n), images=False) for split, n in (("train", 60), ("val", 8)))
    class_of = dict(zip([*train.captions, *val.captions], [*train.labels, *val.labels], strict=True))
    asker = Asker(Worker(lambda captions: np.eye(num_classes)[[class_of[c] for c in captions]], "fit", "encode"), task)
    asker.fit_probe(train.inputs, train.labels)
    logits = np.concatenate(list(asker.logits(iter([(val.inputs, range(8))]), "val")))
    assert logits.shape == (8, num_classes)
    assert logits.argmax(1).tolist() == val.labels.tolist()
    # differences of logits equal the probe's log-odds
    odds = asker.probe.predict_log_proba(np.eye(num_classes)[val.labels])
    assert np.allclose(logits[:, 0] - logits[:, 1], odds[:, 0] - odds[:, 1])


@pytest.mark.parametrize("known", [[0, 2], [0, 1, 3]])
def test_a_class_that_the_probe_has_never_seen_is_the_least_likely(known):
    task = make_task(4)
    asker = Asker(Worker(lambda _: np.eye(4)[known], "encode"), task)
    asker.probe = LogisticRegression().fit(np.eye(4)[known], known)
    (logits,) = asker.logits(iter([(Batch(None, ["a"] * len(known)), known)]), "val")
    assert logits.argmax(1).tolist() == known
    unseen = np.setdiff1d(range(4), known)
    assert np.allclose(logits[:, unseen], logits[:, known].min(axis=1, keepdims=True) - 20)


@pytest.mark.parametrize("offers", [("predict",), ("predict_proba", "encode"), ("encode",)])
def test_every_answered_row_is_reported_and_their_number_is_known_before(offers):
    task, reported = make_task(2), []
    job = plan_unfrozen(task, "spurgen.baselines.erm:submission", 0, "cpu", {})
    train = fitted(job, "train")
    asker = Asker(Worker(lambda captions: np.eye(2)[np.arange(len(captions)) % 2], *offers), task, reported.append)
    asker.fit_probe(train.inputs, train.labels)
    collect(asker, maker(job, fitted(job, "val")), 0)
    assert sum(reported) == count_rows(task, offers)


@pytest.fixture
def asked_in(monkeypatch):
    """Return a function that asks about a task by an order seed: the mean place of each part, and what was seen."""
    splits = {"train": 60, "val": 20, "test_per_group": 40, "twins": 80}
    task = Task("t", make_scenario("t", **make_task(2).scenario.model_dump(exclude={"splits"}), splits=splits), "text")
    job = plan_unfrozen(task, "spurgen.baselines.erm:submission", 0, "cpu", {})
    make = maker(job, fitted(job, "val"))
    for module, name, value in (
        (query, "CHUNK", 20), (query, "POOL_ROWS", 40), (query, "SIZES", (10, 21)),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    parts = [make(*piece).inputs.captions for piece in pieces_of(task, 20)]
    once = Counter(caption for part in parts for caption in part)

    def ask(seed):
        worker = Worker(lambda captions: np.eye(2)[np.arange(len(captions)) % 2], "predict")
        seen = []
        monkeypatch.setattr(
            worker,
            "send",
            lambda what, b, f: (seen.extend(zip(b.captions, f, strict=True)), Worker.send(worker, what, b, f)),
        )
        collect(Asker(worker, task), make, seed)
        place = {caption: k for k, (caption, _) in enumerate(seen)}
        places = [[place[caption] for caption in part if once[caption] == 1] for part in parts]
        return [np.mean(part) for part in places if part], seen

    return ask


def test_parts_of_the_test_are_asked_about_in_an_order_that_the_seed_draws(asked_in):
    places = [asked_in(seed)[0] for seed in range(5)]
    correlations = np.corrcoef([np.arange(len(places[0])), *places])[np.triu_indices(6, 1)]
    assert np.abs(correlations).max() < 0.6  # deviation 0.2 in random order, 0.95 and more in a fixed one
    assert places[0] == asked_in(0)[0]


def test_a_base_sample_and_its_twins_are_one_family(asked_in):
    _, seen = asked_in(0)
    sizes = Counter(family for _, family in seen)
    assert {family: sizes[family] for family in sizes if family[0] == "test"} == {
        ("test", k): 6 if k < 80 else 1 for k in range(160)
    }
    calibrating = {family: sizes[family] for family in sizes if family[0] == CALIBRATION}
    assert calibrating == {(CALIBRATION, k): 1 for k in range(20)}


def test_probabilities_become_logarithms_and_logits_stay_unchanged():
    rows = np.array([[0.25, 0.75], [1.0, 0.0]])
    questions = [(Batch(None, ["a", "b"]), [0, 1])]
    for offer, expected in (("predict_proba", np.log([[0.25, 0.75], [1, 1e-12]])), ("predict", rows)):
        (logits,) = Asker(Worker(lambda _: rows, offer, "encode"), make_task(2)).logits(iter(questions), "val")
        assert np.allclose(logits, expected)


def test_features_without_outliers_stay_as_they_are():
    rng = np.random.default_rng(0)
    sparse = np.where(rng.random(2000) < 0.01, rng.exponential(size=2000), 0)  # as of a ReLU that is nearly dead
    once = np.eye(2000)[0]
    known = np.stack([rng.normal(size=2000), sparse, once, np.zeros(2000), rng.standard_t(3, size=2000)], axis=1)
    assert (query.without_outliers(known) == known).all()


def test_outliers_count_up_to_twenty_times_the_distance_of_nine_tenths():
    column = np.r_[np.arange(-50.0, 51), 1e9, -1e9]
    kept = query.without_outliers(column[:, None])[:, 0]
    assert kept[-2:].tolist() == pytest.approx([20 * 46.8, -20 * 46.8], rel=0.02)
    assert kept[:-2].tolist() == column[:-2].tolist()
    assert column[-1] == -1e9  # what was given is not changed


def numbered(part, first, count):
    captions = [f"{10_000 * part + first + k}" for k in range(count)]
    values = (first + np.arange(count)) % 256
    images = np.broadcast_to(values.astype(np.uint8)[:, None, None, None], (count, 2, 2, 3))
    return Chunk(part, first, Batch(images, captions))


def test_every_row_is_drawn_once_with_its_own_image_caption_and_origin():
    chunks = [numbered(part, first, 700) for first in range(0, 4200, 700) for part in (3, 1, 2)]
    parts, seen = {}, []
    for batch, origin in mix(chunks, np.random.default_rng(0), parts):
        names = {number: part for part, number in parts.items()}
        for image, caption, (number, place) in zip(batch.images, batch.captions, origin, strict=True):
            assert int(caption) == 10_000 * names[number] + place
            assert (image == place % 256).all()
            seen.append(caption)
    assert sorted(seen) == sorted(caption for chunk in chunks for caption in chunk.inputs.captions)
    assert parts == {3: 0, 1: 1, 2: 2}


def test_batches_mix_many_chunks_and_vary_in_size():
    chunks = [numbered(0, first, CHUNK) for first in range(0, 30_000, CHUNK)]
    origins = [origin[:, 1] for _, origin in mix(chunks, np.random.default_rng(0), {})]
    sizes = [len(origin) for origin in origins[:-1]]
    assert min(sizes) >= 200
    assert max(sizes) <= CHUNK
    assert len(set(sizes)) > len(sizes) / 2
    for origin in origins[:-1]:
        assert len(np.unique(origin // CHUNK)) > 4
        assert abs(np.corrcoef(np.arange(len(origin)), origin)[0, 1]) < 0.2


def test_the_first_batch_is_drawn_before_all_rows_are_made():
    made = []

    def chunks():
        for first in range(0, 30_000, CHUNK):
            made.append(first)
            yield numbered(0, first, CHUNK)

    batches = mix(chunks(), np.random.default_rng(0), {})
    next(batches)
    assert len(made) == POOL_ROWS // CHUNK + 1
    for _ in range(5):
        before = len(made)
        next(batches)
        assert len(made) - before <= 2  # chunks are made while a batch is computed


def test_frozen_features_stay_with_their_rows():
    features = np.arange(3000, dtype=np.float32).reshape(1500, 2)
    for batch, origin in mix(cut("a", Batch(None, None, features)), np.random.default_rng(0), {}):
        np.testing.assert_array_equal(batch.features, features[origin[:, 1]])
        assert batch.images is batch.captions is None


@pytest.mark.parametrize("parts", [("images",), ("captions",), ("images", "captions")])
def test_batches_have_only_the_halves_that_the_inputs_have(parts):
    whole = numbered(0, 0, 1500).inputs
    reduced = Batch(*(getattr(whole, half) if half in parts else None for half in ("images", "captions")))
    (first, _), *_ = mix(cut("a", reduced), np.random.default_rng(0), {})
    assert (first.images is not None, first.captions is not None) == ("images" in parts, "captions" in parts)


def test_pools_of_large_images_have_fewer_rows():
    small, large = (
        Pool(Batch(np.zeros((1, side, side, 3), np.uint8), None), np.random.default_rng(0)) for side in (64, 512)
    )
    assert small.enough == POOL_ROWS
    assert large.enough == CHUNK
