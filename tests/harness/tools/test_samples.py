import numpy as np
import pytest
from drawing import samples

from spurgen.benchmark.plugins import discover
from spurgen.generators import sample, twins
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.channels.color import COLORS
from spurgen.generators.nouns import NOUNS
from spurgen.generators.scene import DARK_INK, LIGHT_INK
from spurgen.generators.world import make_world

PLAIN = samples.world_scenario(64)
FIRST = range(60)


def test_the_world_scenario_has_every_class_and_value_without_correlation():
    kinds = discover(CHANNELS)
    scenario = samples.world_scenario(64, channels=kinds)
    assert scenario.num_classes == len(NOUNS)
    for name, channel in scenario.channels.items():
        assert channel.values == len(kinds[name].VALUES)
        assert channel.strength == channel.unbiased
        assert ({"image", "caption"} if channel.carrier == "both" else {channel.carrier}) == kinds[name].CARRIERS


def test_contrast_is_between_the_pictogram_and_its_plate_not_its_outline():
    light = make_world(PLAIN).stream("test", np.array(FIRST))("pose", 4)[:, 1] >> np.uint64(63) == 1
    ink = np.where(light, np.dot(LIGHT_INK, samples.LUMINANCE), np.dot(DARK_INK, samples.LUMINANCE))
    plates = np.array([np.dot(rgb, samples.LUMINANCE) for rgb in COLORS.values()])
    behind = plates[sample(PLAIN, "test", FIRST, images=False).channel_values["color"]]
    measured = samples.contrasts(PLAIN, FIRST)
    assert np.abs(measured - np.abs(ink - behind)).max() < 50  # shades, and pixels half on the outline
    assert measured.min() < 40
    assert measured.max() > 170


def test_contrast_of_twins_is_measured_on_their_own_plate():
    aligned = samples.contrasts(PLAIN, FIRST, "ctrl")
    assert not np.allclose(aligned, samples.contrasts(PLAIN, FIRST))
    equal = range(PLAIN.num_classes)  # their channels are aligned already
    assert np.allclose(samples.contrasts(PLAIN, equal, "ctrl"), samples.contrasts(PLAIN, equal))


def test_varied_samples_are_clear_one_of_each_class_and_show_every_value_of_every_channel():
    scenario = samples.world_scenario(64, channels=discover(CHANNELS))
    indices = samples.varied_samples(scenario)
    shown = sample(scenario, "test", indices, images=False)
    assert shown.labels.tolist() == list(range(len(NOUNS)))
    for name, values in shown.channel_values.items():
        assert len(np.unique(values)) == scenario.channels[name].values, name
    assert samples.contrasts(scenario, indices).min() >= samples.CLEAR


def test_the_sample_with_twins_conflicts_in_every_channel_and_is_clear_with_its_twins():
    scenario = samples.world_scenario(64, channels=samples.channels_in("image"))
    index = samples.conflicting_sample(scenario)
    for made in (sample(scenario, "test", [index]), twins(scenario, "test", [index], "unc")):
        assert made.group_ids[0] % scenario.num_patterns == scenario.num_patterns - 1
    for kind in (None, "ctrl", "unc"):
        assert samples.contrasts(scenario, [index], kind)[0] >= samples.CLEAR


def test_without_pictogram_changes_only_the_pictogram():
    bare = samples.without_pictogram(PLAIN)
    whole, empty = (sample(s, "test", FIRST).images.astype(int) for s in (PLAIN, bare))
    changed = (whole != empty).any(axis=3)
    assert 0.03 < changed.mean() < 0.25
    assert not changed[:, :8].any()


@pytest.mark.parametrize(("channel", "least"), [("background", 0.6), ("color", 0.3), ("lighting", 0.9)])
def test_the_most_varying_sample_changes_much_of_the_image(channel, least):
    bare = samples.without_pictogram(samples.world_scenario(64, channels={**PLAIN.channels, channel: None}))
    index = samples.most_varying_sample(bare, channel)
    values = range(bare.channels[channel].values)
    images = [twins(bare, "test", [index], "channel", channel, v).images[0].astype(int) for v in values]
    assert (np.ptp(images, axis=0).max(axis=2) > 20).mean() > least


def test_the_most_varying_sample_is_among_the_indices():
    assert samples.most_varying_sample(PLAIN, "background", [7, 3, 11]) in (7, 3, 11)


def test_a_tint_does_not_count_as_contrast():
    tinted = samples.world_scenario(64, channels=(*samples.PLAIN, "tint"))
    images = [sample(scenario, "test", FIRST).images for scenario in (tinted, samples.untinted(tinted))]
    assert (images[0] != images[1]).any(axis=(1, 2, 3)).all()
    np.testing.assert_array_equal(*(samples.contrasts(s, FIRST) for s in (tinted, samples.untinted(tinted))))


def test_a_channel_is_shown_without_a_pictogram_unless_it_needs_one():
    kinds = samples.channels_in("image")
    seen = {kind: samples.staged(kind, 64).core_visibility for kind in kinds}
    assert seen == {kind: float(kind == "tint") for kind in kinds}
    assert all(kind in samples.staged(kind, 64).channels for kind in kinds)
