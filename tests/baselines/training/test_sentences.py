"""MiniLM as an encoder that is trained: it starts as the frozen one, and all of it learns."""

import numpy as np
import pytest
import torch

from spurgen.baselines import erm
from spurgen.baselines.training.encoders import ENCODERS
from spurgen.baselines.training.hyperparameters import FINE_TUNING
from spurgen.baselines.training.sentences import LENGTH, SentenceEncoder, WordPieces
from spurgen.benchmark.contract import Batch, Context, LabeledData

pytestmark = [pytest.mark.slow, pytest.mark.minilm]
CAPTIONS = ["A fox in front of a brick wall.", "A tram near the station.", "A taco.", "The owl at noon."]


def data(count):
    captions = [CAPTIONS[k % 4] for k in range(count)]
    labels = np.arange(count) % 2
    return LabeledData(Batch(None, captions), labels, num_groups=4, env_ids=labels * 0, group_ids=2 * labels,
                       channel_values={"shortcuts": labels})  # fmt: skip


def test_it_starts_with_the_features_of_the_frozen_encoder_whatever_the_padding():
    encoder, frozen = SentenceEncoder().eval(), ENCODERS["caption"].load()(CAPTIONS)
    for columns in (40, LENGTH):
        ids = WordPieces.load().encode(CAPTIONS)[:, :columns]
        with torch.no_grad():
            features = encoder(encoder.embed(torch.from_numpy(ids)))
        torch.testing.assert_close(torch.nn.functional.normalize(features), torch.from_numpy(frozen), atol=1e-5, rtol=0)


def test_longer_captions_are_cut():
    assert WordPieces.load().encode([300 * "word ", "word"]).shape == (2, LENGTH)


def test_training_changes_every_layer_and_learns(tmp_path):
    context = Context(("a", "b"), "text", 64, "cpu", 0, tmp_path, "finetuned")
    method = erm.submission.with_options(epochs=2)
    before = SentenceEncoder().state_dict()
    method.fit(data(24), data(8), context)
    network, _ = method._model()
    after = network.caption.state_dict()
    still = [name for name in after if torch.equal(before[name], after[name]) and after[name].is_floating_point()]
    assert all("pooler" in name for name in still)
    assert method.report()["curves"][-1]["val_accuracy"] == 1
    assert method.predict(data(4).batch).argmax(1).tolist() == [0, 1, 0, 1]


def test_a_method_trains_an_encoder_with_the_same_values_as_all_others_unless_told_otherwise():
    values = erm.submission.hyper("finetuned")
    assert {name: getattr(values, name) for name in ("epochs", "batch_size", "lr", "weight_decay")} == {
        name: FINE_TUNING[name] for name in ("epochs", "batch_size", "lr", "weight_decay")
    }
    assert erm.submission.with_options(lr=0.5).hyper("finetuned").lr == 0.5
