"""The ideal observer as a submission: its metrics on worlds where they are known."""

import numpy as np
import pytest

from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.harness.running.data import asked
from spurgen.harness.running.scoring import ideal_answers, ideal_scores

CHANNELS = {"color": {"strength": 0.95}, "shape": {"strength": 0.95}}
SPLITS = {"train": 20000, "val": 4000, "test_per_group": 20, "twins": 400}


def task(modality="text", **fields):
    scenario = make_scenario("test", **({"suite": "test", "name": "w", "seed": 3, "splits": SPLITS} | fields))
    return Task("t", scenario, modality)


@pytest.mark.parametrize("modality", ["image", "text", "multimodal"])
def test_where_the_core_cue_suffices_it_uses_nothing_else(modality):
    scores = ideal_scores(task(modality, channels=CHANNELS))
    metrics = scores.metrics
    assert (metrics["robust_accuracy"], metrics["wga"]) == (1, 1)
    assert (metrics["uses_thing"], metrics["follows"]) == (1, 0)
    for name in ("sss", "ig"):
        assert metrics[name] == pytest.approx(0, abs=1e-3)


def test_noise_on_the_core_cue_makes_it_follow_channels_and_noise_on_labels_does_not():
    core, label = (task(channels=CHANNELS, label_noise=0.2, noise_kind=kind) for kind in ("core", "label"))
    # two channels at .95 outweigh the pictogram, one does not where the other agrees with the pictogram
    assert ideal_scores(core).metrics["accuracy_mislead"] < 0.1
    assert ideal_scores(core).metrics["follows"] > 0.1
    assert ideal_scores(label).metrics["robust_accuracy"] == 1
    assert ideal_scores(label).metrics["follows"] == 0


def test_a_core_cue_that_the_modality_does_not_show_leaves_the_channels():
    where = task("image", channels={"color": {"strength": 1.0}}, core_carrier="caption")
    assert ideal_scores(where).channels["color"]["follows"] == 1
    assert ideal_scores(where).metrics["uses_thing"] == 0
    assert ideal_scores(where).metrics["accuracy_mislead"] == 0
    without = ideal_scores(task("text", channels={"color": {"strength": 1.0}}, core_visibility=0.0))
    assert without.channels["color"]["follows"] == 1


def test_hidden_channels_are_evidence():
    channels = {"color": {"strength": 0.95, "hidden": True}, "shape": {"strength": 0.95}}
    open_, hidden = (task(channels=c, label_noise=0.2) for c in (CHANNELS, channels))
    assert ideal_scores(hidden).metrics == ideal_scores(open_).metrics


def test_it_answers_every_input_and_its_answers_on_train_are_calibrated():
    where = task("multimodal", channels=CHANNELS, label_noise=0.2)
    answers = ideal_answers(where)
    assert {key: len(logits) for key, logits in answers.logits.items()} == asked(where)
    assert answers.temperature == pytest.approx(1, abs=0.05)


def test_equally_probable_classes_tie():
    channels, splits = {"color": {"strength": 0.9}}, SPLITS | {"twins": 60}
    where = task(channels=channels, core_visibility=0.0, num_classes=3, splits=splits)
    logits = ideal_answers(where).logits["test"]
    assert (np.unique(np.round(logits, 6), axis=0).shape[0]) <= 10
    others = np.sort(logits, axis=1)[:, :2]
    assert (others[:, 0] == others[:, 1]).mean() > 0.5
