import numpy as np
import pytest

from spurgen.benchmark.contract import Batch
from spurgen.harness.running.batching import CHUNK, POOL_ROWS, Chunk, Pool, cut, mix


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
