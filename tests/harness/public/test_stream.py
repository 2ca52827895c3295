from itertools import islice

import numpy as np
import pytest
from torch.utils.data import DataLoader

from spurgen.generators import sample
from spurgen.torch import SpurGenStream


@pytest.fixture
def world(suite):
    return suite.scenario("small")


def indices(stream, count, workers=0):
    loader = DataLoader(stream, batch_size=None, num_workers=workers)
    return [batch["index"].tolist() for batch in islice(loader, count)]


def test_batches_are_the_samples_of_the_split_and_go_on_behind_it(world):
    batches = list(islice(SpurGenStream(world, batch_size=40), 4))
    made = sample(world, "train", range(160))  # train has 90
    np.testing.assert_array_equal(np.concatenate([batch["label"] for batch in batches]), made.labels)
    np.testing.assert_array_equal(np.concatenate([b["image"].permute(0, 2, 3, 1) for b in batches]), made.images)
    assert [caption for batch in batches for caption in batch["caption"]] == made.captions
    np.testing.assert_array_equal(np.concatenate([b["values"]["color"] for b in batches]), made.channel_values["color"])


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_gives_the_same_batches_in_the_same_order(world, workers):
    stream = SpurGenStream(world, batch_size=4, modality="text", start=3)
    assert indices(stream, 8, workers) == indices(stream, 8)


@pytest.mark.slow
def test_ranks_and_their_workers_share_no_sample_and_leave_none_out(world):
    ranks = [SpurGenStream(world, batch_size=4, modality="text", rank=r, ranks=3) for r in range(3)]
    seen = [k for rank in ranks for batch in indices(rank, 4, workers=2) for k in batch]
    assert sorted(seen) == list(range(48))


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_stream_resumes_behind_the_batches_that_were_taken(world, ranks):
    stream = {"batch_size": 4, "modality": "text", "rank": ranks - 1, "ranks": ranks}
    whole = indices(SpurGenStream(world, **stream), 6)
    assert indices(SpurGenStream(world, start=4, **stream), 2) == whole[4:]


def lengths(batch):
    return [len(caption) for caption in batch["caption"]]


def test_a_batch_is_transformed_as_a_whole(world):
    stream = SpurGenStream(world, batch_size=4, modality="text", transform=lengths)
    assert next(iter(stream)) == [len(caption) for caption in sample(world, "train", range(4)).captions]


def test_impossible_arguments_are_refused(world):
    with pytest.raises(ValueError, match="rank 2 of 2, batch_size 64, start 0: expected a rank from 0 to 1"):
        SpurGenStream(world, rank=2, ranks=2)
    with pytest.raises(ValueError, match="sound"):
        SpurGenStream(world, modality="sound")
