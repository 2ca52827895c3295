"""What cannot be drawn is refused with its reason."""

import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.worlds.things import Ladder
from spurgen.generators.things import shortcuts
from spurgen.generators.things.world import check, sample_part


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"categories": ("animal", "plant")}, "there are no things of category 'plant'; choose from animal, clothing"),
        ({"shortcuts": {"smell": "image"}}, "unknown shortcut 'smell'; choose from hue, wall, light, mark, place"),
        ({"shortcuts": {"light": "caption"}}, "shortcut light cannot be shown in the caption"),
        ({"shortcuts": {"mark": "both"}}, "shortcut mark cannot be shown in the caption"),
        ({"shortcuts": {"place": "image"}}, "shortcut place cannot be shown in the image"),
        ({"things": (1, 1)}, "things leaves none of category animal for train; change the shares"),
        ({"things": (600, 1)}, "things leaves none of category animal for val; change the shares"),
        ({"worlds": 3}, "scenario l is a template of 3 worlds; take one, such as .in_world(0)"),
    ],
)
def test_a_ladder_that_cannot_be_drawn_is_refused_with_its_reason(ladder, fields, message):
    with pytest.raises(ScenarioError) as caught:
        sample_part(ladder(**fields), "train", [0])
    assert message in str(caught.value)


def test_a_shortcut_needs_enough_values_for_all_classes(ladder, monkeypatch):
    few = shortcuts.SHORTCUTS["hue"]._replace(values=("red", "blue", "green", "pink"))
    monkeypatch.setitem(shortcuts.SHORTCUTS, "hue", few)
    with pytest.raises(
        ScenarioError, match=r"hue has 4 values, but 3 classes need 5: one each, and two that go with none"
    ):
        check(ladder())


@pytest.mark.parametrize(
    ("part", "indices", "message"),
    [
        ("test", [0], r"unknown part 'test'; choose one of train, train/counter"),
        ("test/word", [0], r"unknown part 'test/word'"),
        ("train", [-1], r"negative sample index -1; indices start at 0"),
        ("train", [60], r"train has 60 samples, but none with index 60"),
        ("val/counter", [16], r"val/counter has 16 samples, but none with index 16"),
        ("test/hue", [60], r"test/hue has 60 samples, but none with index 60"),
    ],
)
def test_a_part_or_an_index_that_does_not_exist_is_refused(ladder, part, indices, message):
    with pytest.raises(ScenarioError, match=message):
        sample_part(ladder(), part, indices)


def test_a_ladder_of_captions_has_no_images(ladder):
    text = ladder(shortcuts={"place": "caption"})
    assert [*sample_part(text, "train", [0]).inputs.given] == ["captions"]


def test_no_samples_of_a_part_are_no_samples(ladder):
    none = sample_part(ladder(), "train", [])
    assert none.images.shape == (0, 48, 48, 3)
    assert none.captions == []


def test_worlds_of_a_template_share_nothing(ladder):
    template = ladder(worlds=2)
    first, second = (sample_part(template.in_world(k), "train", range(12)) for k in range(2))
    assert not (first.images == second.images).all(axis=(1, 2, 3)).any()
    assert not set(first.captions) & set(second.captions)
    assert isinstance(template.in_world(0), Ladder)
