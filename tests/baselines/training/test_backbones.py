import pytest
import torch

from spurgen.baselines.training.backbones import CaptionEncoder
from spurgen.baselines.training.tokens import PADDING


@pytest.fixture
def encoder():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = CaptionEncoder(20, 16)
        torch.nn.init.normal_(made.trigrams.bias)  # so that nothing is not mapped to nothing
        made.project = torch.nn.Identity()  # the mean and the maximum as they are
    return made


def encode(encoder, rows):
    return encoder(encoder.embed(torch.tensor(rows))).detach()


def test_a_caption_counts_without_its_padding(encoder):
    caption = [4, 9, 3]
    short, long = (encode(encoder, [[*caption, *[PADDING] * padding]]) for padding in (0, 7))
    assert short.abs().max() > 0.1
    torch.testing.assert_close(long, short)


def test_features_are_the_mean_and_the_maximum_over_the_words_trigrams(encoder):
    words = encoder.words(torch.tensor([4, 9, 3])).detach()
    nothing = torch.zeros(1, encoder.word_dim)
    around = torch.cat([nothing, words, nothing])
    hidden = torch.relu(encoder.trigrams(torch.stack([around[k : k + 3].flatten() for k in range(3)]))).detach()
    found = encode(encoder, [[4, 9, 3, PADDING, PADDING]])
    torch.testing.assert_close(found, torch.cat([hidden.mean(0), hidden.amax(0)])[None])


def test_no_words_at_all_have_finite_features(encoder):
    assert encode(encoder, [[PADDING, PADDING]]).tolist() == [[0.0] * 256]
