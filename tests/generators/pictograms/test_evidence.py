"""What counts as shown is what changes the input: a twin differs from its base only in what the evidence shows."""

import numpy as np
import pytest

from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import sample, twins
from spurgen.generators.pictograms.law import UNSEEN, evidence
from spurgen.generators.pictograms.sampling import drawn, magnitudes

ROWS = np.arange(60)
FAINT = 25  # a magnitude of 256 below which a value may change no pixel
CHANNELS = {
    "color": {"carrier": "both", "magnitude": 0.2, "variance": 0.5},
    "background": {"carrier": "caption"},
    "lighting": {"carrier": "image"},
    "shape": {"carrier": "image", "magnitude": 0.0},
}
TINTED = CHANNELS | {"tint": {"carrier": "image"}}  # shown on the pictogram, which is not always drawn


def world(**fields):
    sizes = {"train": 10, "val": 10, "test_per_group": 1, "twins": 60}
    defaults = {"num_classes": 4, "channels": CHANNELS, "caption_fidelity": 0.6, "core_visibility": 0.7}
    return make_scenario(
        "test", suite="test", name="w", seed=4, image_size=32, splits=sizes, **(defaults | fields)
    )  # fmt: skip


def changes(spec, modality, kind, channel=None, value=None):
    """Return which samples' inputs differ from their twins', bool (n,)."""
    base, twin = sample(spec, "test", ROWS), twins(spec, "test", ROWS, kind, channel, value)
    changed = np.zeros(len(ROWS), bool)
    if modality != "text":
        changed |= (base.images != twin.images).reshape(len(ROWS), -1).any(axis=1)
    if modality != "image":
        changed |= np.array(base.captions) != np.array(twin.captions)
    return changed


@pytest.mark.parametrize("modality", ["image", "text", "multimodal"])
@pytest.mark.parametrize("captions", ["plain", "natural"])
@pytest.mark.parametrize("channel", TINTED)
def test_a_channel_is_shown_where_its_value_changes_the_input(modality, captions, channel):
    spec = world(captions=captions, channels=TINTED)
    made = drawn(spec, "test", ROWS)
    shown = evidence(made, modality).values[channel]
    true = made.factors.values[channel]
    assert set(shown[shown != UNSEEN]) <= set(true)
    assert (shown[shown != UNSEEN] == true[shown != UNSEEN]).all()
    changed = changes(spec, modality, "channel", channel, (true + 1) % 10)
    faint = np.zeros(len(ROWS), bool)
    if modality != "text" and TINTED[channel]["carrier"] != "caption":
        faint = (magnitudes(made.world, channel, made.nuisance) < FAINT) & (shown != UNSEEN)
    assert (changed == (shown != UNSEEN))[~faint].all()
    if channel == "color":
        assert 0 < (shown == UNSEEN).sum() < 60


@pytest.mark.parametrize("modality", ["image", "text", "multimodal"])
@pytest.mark.parametrize("fields", [{"core_carrier": "both"}, {"core_carrier": "image"}, {"core_carrier": "caption"},
                                    {"core_contrast": 0.0}])  # fmt: skip
def test_the_class_is_shown_where_it_changes_the_input(modality, fields):
    spec = world(**fields)
    made = drawn(spec, "test", ROWS)
    shown = evidence(made, modality).core
    assert (changes(spec, modality, "core") == (shown != UNSEEN)).all()
    assert (shown[shown != UNSEEN] == made.factors.core[shown != UNSEEN]).all()
    nowhere = (modality, *fields.values()) in {("text", "image"), ("image", "caption"), ("image", 0.0)}
    assert (shown != UNSEEN).mean() == pytest.approx(0 if nowhere else 0.7, abs=0.15)


@pytest.mark.parametrize("kind", ["channel", "core", "ctrl", "unc", "placebo"])
def test_twins_show_their_own_values(kind):
    spec = world(core_visibility=1.0, caption_fidelity=1.0)
    argument = ("background", 3) if kind == "channel" else ()
    twin = twins(spec, "test", ROWS, kind, *argument, images=False)
    shown = evidence(drawn(spec, "test", ROWS, kind, *argument), "text")
    assert (shown.core == twin.labels).all()
    assert (shown.values["background"] == twin.channel_values["background"]).all()
    assert (shown.values["lighting"] == UNSEEN).all()
