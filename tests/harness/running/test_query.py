from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.benchmark.contract import Batch
from spurgen.generators import sample
from spurgen.harness.running import query
from spurgen.harness.running.batching import Chunk
from spurgen.harness.running.query import Asker, ask_mixed
from spurgen.harness.running.task_data import inputs
from spurgen.harness.sandbox.rechecks import RecheckedWorker
from spurgen.harness.worker.messages import MAX_WIDTH


class Echo:
    """A fake asker that returns each caption, which is a number, as its logit; records the batches."""

    def __init__(self):
        self.batches = []

    def logits(self, questions, where):
        del where
        for batch, _ in questions:
            self.batches.append([int(caption) for caption in batch.captions])
            yield np.array(self.batches[-1], float)[:, None]


def fit_on_train(asker, count):
    train = sample(asker.task.scenario, "train", range(count))
    asker.fit_probe(inputs(asker.task, train), train.labels)


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
    monkeypatch.setattr(RecheckedWorker, "finish", lambda _: None)  # it would fail this model
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


class Encoder:
    """A fake worker that only encodes, as random features of some width."""

    about = SimpleNamespace(offers=["encode"])

    def __init__(self, width):
        self.rng, self.width = np.random.default_rng(0), width

    def send(self, what, batch, families):
        pass

    def answer(self, count, *_):
        return self.rng.normal(size=(count, self.width)).astype(np.float32)


@pytest.mark.parametrize(("width", "values", "rows"), [(3, 1 << 26, 60), (3, 180, 60), (3, 179, 59), (40, 900, 22)])
def test_the_probe_is_fitted_on_a_bounded_number_of_features(suite, monkeypatch, width, values, rows):
    monkeypatch.setattr(query, "PROBE_VALUES", values)
    task = suite.task("small-text")
    asker = Asker(Encoder(width), task)
    fit_on_train(asker, 60)
    scaler, classifier = (step for _, step in asker.probe.steps)
    assert scaler.n_samples_seen_ == rows
    assert classifier.max_iter == 1000


@pytest.mark.parametrize(("width", "asked"), [(3, 60), (40, 22), (60, 20)])
def test_no_more_rows_are_asked_for_than_the_probe_is_fitted_on(suite, monkeypatch, width, asked):
    monkeypatch.setattr(query, "PROBE_VALUES", 900)
    monkeypatch.setattr(query, "CHUNK", 20)
    task, counts = suite.task("small-text"), []
    asker = Asker(Encoder(width), task, counts.append)
    fit_on_train(asker, 60)
    assert sum(counts) == asked
    assert asker.probe.steps[0][1].n_samples_seen_ == min(asked, 900 // width)


def test_the_features_that_are_asked_for_in_two_parts_meet_their_own_labels(suite, monkeypatch):
    monkeypatch.setattr(query, "CHUNK", 20)
    task = suite.task("small-text")
    train = sample(task.scenario, "train", range(60))

    class Knowing(Encoder):
        def send(self, what, batch, families):
            del what, batch
            self.rows = [train.labels[place] for _, place in families]

        def answer(self, *_):
            return np.eye(3, dtype=np.float32)[self.rows]

    asker = Asker(Knowing(3), task)
    asker.fit_probe(inputs(asker.task, train), train.labels)
    assert asker.probe.score(np.eye(3), np.arange(3)) == 1


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize(("work", "steps"), [(1 << 40, 1000), (60 * 3 * 3 * 7, 7), (1, 1)])
def test_the_steps_of_the_probe_are_bounded_by_its_size(suite, monkeypatch, work, steps):
    monkeypatch.setattr(query, "PROBE_WORK", work)
    task = suite.task("small-text")
    asker = Asker(Encoder(3), task)
    fit_on_train(asker, 60)
    assert asker.probe.steps[1][1].max_iter == steps


def test_a_few_absurd_features_do_not_decide_the_probe(suite):
    task = suite.task("small-text")
    train = sample(task.scenario, "train", range(300))

    class Absurd(Encoder):
        def send(self, what, batch, families):
            del what, batch
            self.rows = [place for _, place in families]

        def answer(self, count, *_):
            features = np.eye(3)[train.labels[self.rows]] + self.rng.normal(size=(count, 3)) / 10
            features[np.isin(self.rows, [50])] = [1e8, -1e8, 1e8]
            return features.astype(np.float32)

    asker = Asker(Absurd(3), task)
    asker.fit_probe(inputs(asker.task, train), train.labels)
    assert asker.probe.score(np.eye(3), np.arange(3)) == 1


def test_the_widest_features_that_a_submission_may_return_are_probed_on_16384_rows():
    assert query.PROBE_VALUES // MAX_WIDTH == 16384


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
