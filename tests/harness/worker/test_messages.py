"""What is written as a frame is read again as it was."""

import numpy as np

from spurgen.benchmark.contract import Batch, LabeledData
from spurgen.harness.worker.protocol import data_from, data_to

IDS = np.arange(3)


def test_frozen_features_reach_the_worker_with_their_twins():
    features = np.arange(6, dtype=np.float32).reshape(3, 2)
    data = LabeledData(Batch(None, None, features), IDS, 6, twins=Batch(None, None, -features))
    header, arrays = data_to(data, "train")
    read = data_from(header, arrays, "train")
    np.testing.assert_array_equal(read.features, features)
    np.testing.assert_array_equal(read.twins.features, -features)
    assert read.images is read.captions is None
    assert len(read.batch) == 3


def test_data_without_features_have_none():
    header, arrays = data_to(LabeledData(Batch(None, ["a", "b", "c"]), IDS, 6), "val")
    read = data_from(header, arrays, "val")
    assert read.captions == ["a", "b", "c"]
    assert read.features is read.twins is None


def test_samples_are_taken_with_their_features():
    batch = Batch(None, None, np.eye(4, dtype=np.float32))
    np.testing.assert_array_equal(batch.take(np.array([2, 0])).features, np.eye(4)[[2, 0]])
    assert len(batch.take(slice(1, 3))) == 2
