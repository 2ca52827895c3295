import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.benchmark.contract import Batch
from spurgen.harness.running.batching import Chunk
from spurgen.harness.running.query import ask_mixed
from spurgen.harness.sandbox.rechecks import RecheckedWorker


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
