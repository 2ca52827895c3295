import numpy as np
import pytest

from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import aligned_values, sample
from spurgen.harness.experiments.sample_sheet import label_text, sample_sheet


@pytest.fixture
def scenario():
    channels = {"color": {"values": 3}, "background": {"values": 3}}
    sizes = {"num_classes": 3, "image_size": 32, "splits": {"twins": 1}}
    return make_scenario("test", suite="none", name="s", seed=1, channels=channels, **sizes)


@pytest.mark.parametrize(("modality", "count"), [("image", 9), ("text", 0), ("multimodal", 9)])
def test_the_sheet_shows_the_generators_pixels(scenario, modality, count):
    figure = sample_sheet(Task("t", scenario, modality))
    images = [image.get_array() for axes in figure.axes for image in axes.images]
    assert len(images) == count
    if images:
        assert np.array_equal(images[3], sample(scenario, "test", [0]).images[0])
        assert np.array_equal(images[-1], sample(scenario, "test", [3 * 3 + 2]).images[0])  # the last pattern conflicts


def test_a_label_shows_which_channels_align_and_which_conflict(scenario):
    samples = sample(scenario, "test", range(12))
    for k in range(12):
        label, *lines = label_text(Task("t", scenario, "multimodal"), samples, k).splitlines()
        assert label.lower() in ("heart", "arrow", "moon")
        for line, (name, values) in zip(lines, samples.channel_values.items(), strict=False):
            aligned = aligned_values(scenario, name)[values[k], samples.labels[k]]
            assert line.startswith(f"{name} ")
            assert line.endswith(" ✓" if aligned else " ✗")
        assert " ".join(lines[2:]).replace("\u00a0", " ") == f"“{samples.captions[k]}”"


def test_a_label_omits_channels_that_the_modality_lacks():
    channels = {"color": {"carrier": "image", "values": 3}, "voice": {"carrier": "caption", "values": 3}}
    sizes = {"num_classes": 2, "image_size": 32, "splits": {"twins": 1}}
    scenario = make_scenario("test", suite="none", name="s", seed=1, channels=channels, **sizes)
    samples = sample(scenario, "test", [0])
    assert "voice" not in label_text(Task("t", scenario, "image"), samples, 0)
    assert "color" not in label_text(Task("t", scenario, "text"), samples, 0)
