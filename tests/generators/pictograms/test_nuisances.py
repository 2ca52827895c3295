import numpy as np
import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.worlds.pictograms import NUISANCES
from spurgen.generators import sample, twins
from spurgen.generators.pictograms.sampling import nuisance_words
from spurgen.generators.pictograms.state import state_of
from spurgen.generators.scene import Core, Scene


@pytest.mark.parametrize("nuisance", NUISANCES)
def test_a_single_nuisance_changes_images_or_captions_and_no_factor(world, nuisance):
    spec = world(caption_fidelity=0.5)
    base, twin = sample(spec, "test", range(60)), twins(spec, "test", range(60), "placebo", nuisance)
    same = {"images": np.array_equal(base.images, twin.images), "captions": base.captions == twin.captions}
    assert same == {"images": nuisance == "wording", "captions": nuisance != "wording"}
    for name in ("labels", "group_ids", "env_ids"):
        np.testing.assert_array_equal(getattr(base, name), getattr(twin, name))


def posed(scenario, nuisance):
    """Return what the pose of 60 scenes decides, by the nuisance that it belongs to, with one nuisance redrawn."""
    words = nuisance_words(state_of(scenario), "test", np.arange(60), nuisance)
    looks = Core(1 << 14, 256, np.ones(60, bool))
    scene = Scene(scenario.image_size, np.zeros(60, np.int64), looks, lambda blocks: words("pose", blocks))
    plate, pictogram, wall = scene.layers["plate"], scene.layers["pictogram"], scene.wall
    return {
        "noise": [scene.noise],
        "tone": [scene.polarity, wall[:, 0] - wall[:, 2], wall // 30],
        "place": [plate.x, plate.y, pictogram.x - plate.x, pictogram.y - plate.y],
        "size": [plate.span, pictogram.span],
        "tilt": [plate.angle, pictogram.angle],
        "wording": [],
    }


@pytest.mark.parametrize("nuisance", NUISANCES)
def test_a_single_nuisance_redraws_all_of_the_pose_that_belongs_to_it_and_nothing_else(world, nuisance):
    before, after = posed(world(), None), posed(world(), nuisance)
    for name in NUISANCES:
        changed = [not np.array_equal(*pair) for pair in zip(before[name], after[name], strict=True)]
        assert changed == [name == nuisance] * len(changed), name


def test_the_placebo_redraws_wording_as_its_own_twin_does_and_pictures_in_more_than_one_way(world):
    spec = world()
    placebo = twins(spec, "test", range(20), "placebo")
    single = [twins(spec, "test", range(20), "placebo", nuisance) for nuisance in NUISANCES]
    assert placebo.captions == single[NUISANCES.index("wording")].captions
    for other in single:
        assert not np.array_equal(placebo.images, other.images)


def test_noise_changes_no_pixel_by_more_than_its_amplitude(world):
    base = sample(world(), "test", range(40), captions=False).images.astype(int)
    twin = twins(world(), "test", range(40), "placebo", "noise", captions=False).images.astype(int)
    assert 0 < abs(base - twin).max() <= 12


def test_an_unknown_nuisance_is_refused(world):
    with pytest.raises(ScenarioError, match="there is no nuisance 'grain'; choose one of place, size"):
        twins(world(), "test", [0], "placebo", "grain")
