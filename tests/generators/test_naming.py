import pytest

from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.suite import load_suite
from spurgen.generators import class_names, sample
from spurgen.generators.naming import name_shown, second_parts
from spurgen.generators.natural_captions import NOUNS

TASKS = load_suite("v2").tasks


def pairs(scenario, label):
    return [pair.split(" + ") for pair in class_names(scenario)[label].split(" / ")]


def test_a_class_is_named_by_what_captions_of_it_say():
    world = TASKS["composite-text"].in_world(0).scenario
    parts = second_parts(world)
    made = sample(world, "test", range(60), images=False)
    seen = set()
    for caption, label in zip(made.captions, made.labels, strict=True):
        found = [
            (noun, part)
            for noun, part in pairs(world, label)
            if any(word in caption.lower().replace(",", "").replace("?", "").split() for word in parts[part])
            and any(form.lower() in caption.lower() for form in NOUNS[noun])
        ]
        assert found, caption
        seen |= {part for _, part in found}
    assert seen == set(parts)


@pytest.mark.parametrize("name", ["composite-text", "composite-image"])
def test_what_a_sample_shows_is_one_of_the_names_of_its_class(name):
    world = TASKS[name].in_world(1).scenario
    made = sample(world, "test", range(40), images=False, captions=False)
    shown = [name_shown(world, "test", k) for k in range(40)]
    assert all(cue in class_names(world)[label].split(" / ") for cue, label in zip(shown, made.labels, strict=True))
    assert len(set(shown)) > len(set(made.labels))
    assert name_shown(TASKS["composite-multimodal"].in_world(0).scenario, "test", 0) is None  # a class has one name


def test_all_worlds_of_a_task_name_their_classes_alike():
    for name in ("composite-text", "composite-image", "composite-multimodal"):
        assert len({class_names(TASKS[name].in_world(seed).scenario) for seed in range(5)}) == 1


def test_a_simple_class_has_the_name_of_its_pictogram():
    simple = make_scenario("test", suite="none", name="simple", seed=0, num_classes=3, channels={})
    assert class_names(simple) == ("heart", "arrow", "moon")
    assert second_parts(simple) == {}


def test_classes_of_a_pair_have_both_parts_in_their_names():
    assert class_names(TASKS["composite-multimodal"].scenario)[::5] == ("heart + photo…", "heart + picture…")
