import pytest
import torch

from spurgen.baselines.training import backbones as module
from spurgen.baselines.training.backbones import CaptionEncoder, ImageEncoder, Network
from spurgen.baselines.training.data import Inputs
from spurgen.baselines.training.tokens import PADDING


@pytest.fixture
def encoder():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = CaptionEncoder(20, 16)
        torch.nn.init.normal_(made.trigrams.bias)  # so that padding does not map to zero
        made.project = torch.nn.Identity()  # features are the mean and the maximum
    return made


def encode(encoder, rows):
    return encoder(encoder.embed(torch.tensor(rows))).detach()


def test_padding_does_not_change_the_features_of_a_caption(encoder):
    caption = [4, 9, 3]
    short, long = (encode(encoder, [[*caption, *[PADDING] * padding]]) for padding in (0, 7))
    assert short.abs().max() > 0.1
    torch.testing.assert_close(long, short)


def test_features_are_the_mean_and_the_maximum_over_the_words_trigrams(encoder):
    words = encoder.words(torch.tensor([4, 9, 3])).detach()
    nothing = torch.zeros(1, encoder.word_dim)
    around = torch.cat([nothing, words, nothing])
    hidden = torch.relu(encoder.trigrams(torch.stack([around[k : k + 3].flatten() for k in range(3)]))).detach()
    actual = encode(encoder, [[4, 9, 3, PADDING, PADDING]])
    torch.testing.assert_close(actual, torch.cat([hidden.mean(0), hidden.amax(0)])[None])


def test_empty_caption_has_finite_features(encoder):
    assert encode(encoder, [[PADDING, PADDING]]).tolist() == [[0.0] * 256]


@pytest.mark.parametrize(
    ("capability", "device", "expected"),
    [("AVX512", "cpu", True), ("AVX2", "cpu", False), ("DEFAULT", "cpu", False), ("AVX2", "cuda", True)],
)
def test_bfloat16_is_used_where_it_is_fast(monkeypatch, capability, device, expected):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert module._multiplies_bfloat16(torch.device(device)) is expected


@pytest.mark.parametrize("fast", [True, False])
def test_both_precisions_train_and_agree_on_the_features(monkeypatch, fast):
    torch.manual_seed(0)
    network = Network(image=ImageEncoder(16), caption=CaptionEncoder(20, 16), feature_dim=16, num_classes=3).eval()
    inputs = Inputs(torch.randint(0, 256, (4, 64, 64, 3), dtype=torch.uint8), torch.randint(2, 20, (4, 5)))
    expected = _features(monkeypatch, network, inputs, fast=False)
    seen = set()
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear) and layer is not network.head:
            layer.register_forward_hook(lambda _layer, _inputs, output: seen.add(output.dtype))
    actual = _features(monkeypatch, network, inputs, fast=fast)
    assert seen == {torch.bfloat16 if fast else torch.float32}
    assert actual.dtype == torch.float32
    torch.testing.assert_close(actual, expected, rtol=0, atol=0.02)
    assert expected.abs().max() > 0.1
    actual.sum().backward()
    assert all(parameter.grad is not None for parameter in network.image.parameters())


def _features(monkeypatch, network, inputs, *, fast):
    monkeypatch.setattr(module, "_multiplies_bfloat16", lambda _device: fast)
    return network.encode(inputs)
